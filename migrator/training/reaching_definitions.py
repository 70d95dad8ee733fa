"""Which bindings of a variable may still be there where it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from migrator.source import syntax as s
from migrator.source.module import Module

_Binding = TypeVar("_Binding", bound=s.Node | None)


class Order:
    """The order of a program's nodes in the text, and what follows from it for its variables."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._modules = modules

    @cached_property
    def _place(self) -> dict[s.Node, int]:
        return {node: index for module in self._modules for index, node in enumerate(module.root.walk())}

    def is_before(self, first: s.Node, second: s.Node) -> bool:
        """Whether a node of a module begins before another one of the same module."""
        return self._place[first] < self._place[second]

    def reaching(self, bindings: Iterable[_Binding], node: s.Name) -> list[_Binding]:
        """Give those statements whose binding of a variable may be there at a read; None stands for a parameter's."""
        last = self.last_assigned(node)
        return [x for x in bindings if last is None or self._reaches(x, last, node)]

    def last_assigned(self, node: s.Name) -> s.Node | None:
        """The last statement that certainly rebinds a variable before it is read; None if there is none."""
        scope = node.scope.resolve(node.id)
        here = dict(_blocks_up(node))
        found = None
        for other in scope.names.get(node.id, ()) if scope is not None else ():
            statement = other.statement if other.store else None
            if not isinstance(statement, s.Assign) or statement.index >= here.get(statement.block, -1):
                continue
            if found is None or self.is_before(found, statement):
                found = statement
        return found

    def _reaches(self, binding: s.Node | None, last: s.Node, node: s.Node) -> bool:
        """Whether what a statement binds may still be there at a read that another binding comes before."""
        if binding is None or binding is last:
            return binding is last
        if not self.is_before(last, binding):
            return False
        # one that comes later in the text gets here around a loop that does not rebind it
        return self.is_before(binding, node.statement) or bool((_loops(binding) & _loops(node)) - _loops(last))


def _blocks_up(node: s.Node) -> Iterator[tuple[s.Block, int]]:
    """The blocks around a node within its function, each with the index of the statement that it is in."""
    statement = node.statement
    while True:
        yield statement.block, statement.index
        owner = statement.block.owner
        if isinstance(owner, (s.FunctionDef, s.Root, s.ClassDef)):
            return
        statement = owner


def _loops(place: s.Node) -> set[s.Node]:
    found: set[s.Node] = set()
    node: s.Node | None = place
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        if isinstance(node, (s.For, s.While)):
            found.add(node)
        node = node.parent
    return found
