"""The nodes that refer to each other, from which all others derive, and the scopes that bind their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar


class Node:
    """Anything with a place in the text."""

    __slots__ = ("origin", "parent")
    fields: ClassVar[tuple[str, ...]] = ()  # in source order; each a node, a list of nodes or None
    is_clause: ClassVar[bool] = False  # whether it stands between a block and the compound statement
    origin: object  # the node of libcst, by which `Module` finds the place
    parent: Node | None  # None of the root alone

    def children(self) -> Iterator[Node]:
        """Give the direct sub-nodes in source order."""
        for field in self.fields:
            value = getattr(self, field)
            if value.__class__ is list:
                yield from value
            elif value is not None:
                yield value

    def walk(self) -> Iterator[Node]:
        """Give this node and everything below it, in source order."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(list(node.children())))

    @property
    def statement(self) -> Statement:
        """The statement that this node is part of."""
        node: Node | None = self
        while not isinstance(node, Statement):
            assert node is not None, "the root and its block are part of no statement"
            node = node.parent
        return node

    @property
    def scope(self) -> Scope:
        """The scope whose names an expression here would see."""
        child: Node = self
        node = self.parent
        while node is not None:
            scope = node.scope_for(child)
            if scope is not None:
                return scope
            child, node = node, node.parent
        raise LookupError("this node is part of no module")

    def scope_for(self, child: Node) -> Scope | None:
        """Give the scope that this node opens for one of its children; None where that sees what the node sees."""
        return None


# ---------------------------------------------------------------- expressions


class Expression(Node):
    """Something with a value."""

    __slots__ = ()


class Name(Expression):
    """A name on its own; ``store`` where it is assigned to."""

    __slots__ = ("id", "store")
    id: str
    store: bool


# ---------------------------------------------------------------- statements


class Statement(Node):
    """One statement."""

    __slots__ = ("index",)
    index: int  # in its block

    @property
    def block(self) -> Block:
        """The block that this statement stands in."""
        assert isinstance(self.parent, Block)
        return self.parent

    def blocks(self) -> list[Block]:
        """Give the blocks of a compound statement."""
        return []


class Compound(Statement):
    """A statement that has blocks."""

    __slots__ = ()
    arms: ClassVar[tuple[str, ...]] = ("body",)  # the fields that hold a block or None

    def blocks(self) -> list[Block]:
        """Give the blocks in source order."""
        return [block for name in self.arms if (block := getattr(self, name)) is not None]


class Block(Node):
    """Statements that run one after the other."""

    __slots__ = ("part", "statements")
    fields = ("statements",)
    statements: list[Statement]
    part: str  # "body", "orelse", "handler", "finally" or "case"

    @property
    def owner(self) -> Compound | Root:
        """The compound statement (or the module) that this block belongs to."""
        owner = self.parent
        if owner is not None and owner.is_clause:
            owner = owner.parent
        assert isinstance(owner, (Compound, Root))
        return owner

    @property
    def is_elif(self) -> bool:
        """Whether this holds an ``elif`` and nothing else."""
        return getattr(self.statements[0], "is_elif", False)


class Root(Node):
    """The root: one block and the module's scope."""

    __slots__ = ("body", "namespace")
    fields = ("body",)
    body: Block
    namespace: Scope

    @property
    def scope(self) -> Scope:
        """The module's scope."""
        return self.namespace

    def scope_for(self, child: Node) -> Scope | None:
        """Give the module's scope."""
        return self.namespace


# ---------------------------------------------------------------- scopes


class Scope:
    """One namespace: that of a module, class, function, lambda or comprehension, or of type parameters (PEP 695).

    ``kind`` is "module", "class", "function", "comprehension" or "generic"; a lambda's is "function".
    """

    __slots__ = ("bound", "globals", "holds_scopes", "kind", "names", "node", "nonlocals", "parent")

    def __init__(self, kind: str, node: Node, parent: Scope | None) -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.holds_scopes = False  # whether functions or classes are defined inside, which may outlive an activation
        if parent is not None and kind != "comprehension":
            parent.holds_scopes = True
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.names: dict[str, list[Name]] = {}  # every Name written in this scope, in source order

    def resolve(self, name: str) -> Scope | None:
        """Find the scope that binds ``name`` as seen from here; None for a builtin or an unknown name."""
        if self._binds(name):
            return self
        outer, sees_class = self.parent, self.kind == "generic"
        if name in self.globals or outer is None:
            return self._in_module(name)
        while outer.parent is not None:
            # the names of a class are not seen from its methods, but from the type parameters directly inside it
            if outer.kind != "class" or sees_class:
                if name in outer.globals:
                    return self._in_module(name)
                if outer._binds(name):
                    return outer
            sees_class = sees_class and outer.kind == "generic"
            outer = outer.parent
        return self._in_module(name)

    def _binds(self, name: str) -> bool:
        return name in self.bound and name not in self.globals and name not in self.nonlocals

    def _in_module(self, name: str) -> Scope | None:
        module = self.module
        return module if name in module.bound else None

    @property
    def module(self) -> Scope:
        """The module's own scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope
