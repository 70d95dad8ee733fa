"""What all nodes of the small syntax tree have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from migrator.source.scope import Scope

if TYPE_CHECKING:
    from migrator.source.statement import Statement


class Node:
    """Anything with a place in the text."""

    __slots__ = ("origin", "parent")
    fields: ClassVar[tuple[str, ...]] = ()  # in source order; each a node, a list of nodes or None
    is_statement: ClassVar[bool] = False
    is_clause: ClassVar[bool] = False  # whether it stands between a block and the compound statement
    origin: Any  # the node of the parser
    parent: Any

    def children(self) -> Iterator[Any]:
        """Give the direct sub-nodes in source order."""
        for field in self.fields:
            value = getattr(self, field)
            if value.__class__ is list:
                yield from value
            elif value is not None:
                yield value

    def walk(self) -> Iterator[Any]:
        """Give this node and everything below it, in source order."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(list(node.children())))

    @property
    def statement(self) -> Statement:
        """The statement that this node is part of."""
        node: Any = self
        while not node.is_statement:
            node = node.parent
        return node  # type: ignore[no-any-return]

    @property
    def scope(self) -> Scope:
        """The scope whose names an expression here would see."""
        node, child = self.parent, self
        while True:
            scope: Scope | None = node.scope_for(child)
            if scope is not None:
                return scope
            node, child = node.parent, node

    def scope_for(self, child: Any) -> Scope | None:
        """Give the scope that this node opens for one of its children; None where that sees what the node sees."""
        return None
