"""Nodes of the small syntax tree that have blocks, and the parts of their headers."""

from __future__ import annotations

from migrator.source.syntax.expression import Argument, Parameter
from migrator.source.syntax.node import Block, Compound, Expression, Node, Scope


class If(Compound):
    """``if`` or ``elif``; an ``elif`` is the only statement of the else arm before it."""

    __slots__ = ("body", "is_elif", "orelse", "test")
    fields = ("test", "body", "orelse")
    arms = ("body", "orelse")
    test: Expression
    body: Block
    orelse: Block | None
    is_elif: bool


class For(Compound):
    """``for target in iter``, ``async`` or not."""

    __slots__ = ("body", "iter", "orelse", "target")
    fields = ("target", "iter", "body", "orelse")
    arms = ("body", "orelse")
    target: Expression
    iter: Expression
    body: Block
    orelse: Block | None


class While(Compound):
    """``while test``."""

    __slots__ = ("body", "orelse", "test")
    fields = ("test", "body", "orelse")
    arms = ("body", "orelse")
    test: Expression
    body: Block
    orelse: Block | None


class WithItem(Node):
    """One ``value as target`` of a ``with``."""

    __slots__ = ("target", "value")
    fields = ("value", "target")
    value: Expression
    target: Expression | None


class With(Compound):
    """``with items``, ``async`` or not."""

    __slots__ = ("body", "items")
    fields = ("items", "body")
    items: list[WithItem]
    body: Block


class Handler(Node):
    """One ``except type as name``."""

    __slots__ = ("body", "name", "type")
    is_clause = True
    fields = ("type", "name", "body")
    type: Expression | None
    name: Expression | None
    body: Block


class Try(Compound):
    """``try``, with ``except`` or ``except*``."""

    __slots__ = ("body", "final", "handlers", "orelse")
    fields = ("body", "handlers", "orelse", "final")
    body: Block
    handlers: list[Handler]
    orelse: Block | None
    final: Block | None

    def blocks(self) -> list[Block]:
        """Give the blocks in source order."""
        rest = [block for block in (self.orelse, self.final) if block is not None]
        return [self.body, *(handler.body for handler in self.handlers), *rest]


class Case(Node):
    """One ``case``: the names that its pattern binds, the values that it compares with, both of them in ``pattern``."""

    __slots__ = ("body", "guard", "names", "pattern", "values")
    is_clause = True
    fields = ("pattern", "guard", "body")
    pattern: list[Expression]
    names: list[Expression]
    values: list[Expression]
    guard: Expression | None
    body: Block


class Match(Compound):
    """``match subject``."""

    __slots__ = ("cases", "subject")
    fields = ("subject", "cases")
    subject: Expression
    cases: list[Case]

    def blocks(self) -> list[Block]:
        """Give the bodies of the cases."""
        return [case.body for case in self.cases]


class FunctionDef(Compound):
    """``def name``, ``async`` or not."""

    __slots__ = (
        "body", "decorators", "generics", "is_async", "is_generator", "name", "namespace", "params", "returns",
        "type_params",
    )  # fmt: skip
    fields = ("decorators", "type_params", "params", "returns", "body")
    name: str
    params: list[Parameter]
    decorators: list[Expression]
    returns: Expression | None
    body: Block
    namespace: Scope
    type_params: list[Parameter]
    generics: Scope | None  # the scope of the type parameters, where there are any
    is_async: bool
    is_generator: bool

    def scope_for(self, child: Node) -> Scope | None:
        """Show the parameters to the body, and the type parameters to the annotations."""
        if child is self.body:
            return self.namespace
        return self.generics if child is self.returns else None


class ClassDef(Compound):
    """``class name``."""

    __slots__ = ("bases", "body", "decorators", "generics", "keywords", "name", "namespace", "type_params")
    fields = ("decorators", "type_params", "bases", "keywords", "body")
    name: str
    bases: list[Expression]
    keywords: list[Argument]
    decorators: list[Expression]
    body: Block
    namespace: Scope
    type_params: list[Parameter]
    generics: Scope | None  # the scope of the type parameters, where there are any

    def scope_for(self, child: Node) -> Scope | None:
        """Show the type parameters to all but the decorators."""
        if child is self.body:
            return self.namespace
        return None if child in self.decorators else self.generics

    def methods(self) -> dict[str, FunctionDef]:
        """Give the functions defined directly in the class body; a later one of the same name wins."""
        return {item.name: item for item in self.body.statements if isinstance(item, FunctionDef)}
