"""Nodes of the small syntax tree that have a value, and their parts."""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import Union

from migrator.source.syntax.node import Expression, Node, Scope


class Attribute(Expression):
    """``value.name``."""

    __slots__ = ("name", "store", "value")
    fields = ("value",)
    value: Expression
    name: str
    store: bool


class Subscript(Expression):
    """``value[index]``, with one index for each part between commas."""

    __slots__ = ("index", "store", "value")
    fields = ("value", "index")
    value: Expression
    index: list[Expression]
    store: bool


class Argument(Node):
    """One argument of a call."""

    __slots__ = ("keyword", "star", "value")
    fields = ("value",)
    value: Expression
    keyword: str | None
    star: str  # "", "*" or "**"


class Call(Expression):
    """``func(args)``."""

    __slots__ = ("args", "func")
    fields = ("func", "args")
    func: Expression
    args: list[Argument]

    def argument(self, position: int | None, keyword: str | None = None) -> Expression | None:
        """Give the argument at a position or of a name; None where absent or where a star makes it unknown."""
        for index, arg in enumerate(self.args):
            if arg.star == "*" and position is not None and index <= position:
                position = None
            if arg.keyword is not None and arg.keyword == keyword:
                return arg.value
            if index == position and arg.keyword is None and not arg.star:
                return arg.value
        return None

    def keywords(self) -> set[str]:
        """Give the names of the keyword arguments."""
        return {arg.keyword for arg in self.args if arg.keyword}


LiteralValue = Union[str, bytes, int, float, complex, EllipsisType, None]  # noqa: UP007


class Literal(Expression):
    """A number, a plain string, bytes, True, False, None or an ellipsis."""

    __slots__ = ("value",)
    value: LiteralValue


class Text(Expression):
    """An f-string, or strings joined side by side of which one is an f-string; ``head`` is the text it begins with."""

    __slots__ = ("head", "parts")
    fields = ("parts",)
    head: str
    parts: list[Expression]


class Collection(Expression):
    """A tuple, list or set display."""

    __slots__ = ("items", "kind", "store")
    fields = ("items",)
    kind: str
    items: list[Expression]
    store: bool


class Mapping(Expression):
    """A dict display; a key of None stands for ``**value``."""

    __slots__ = ("keys", "values")
    keys: list[Expression | None]
    values: list[Expression]

    def children(self) -> Iterator[Node]:
        """Give keys and values in turns."""
        for key, value in zip(self.keys, self.values, strict=True):
            if key is not None:
                yield key
            yield value


class Binary(Expression):
    """``left operator right``; the operator by libcst's name of it, as in "Add"."""

    __slots__ = ("left", "operator", "right")
    fields = ("left", "right")
    left: Expression
    right: Expression
    operator: str


class Unary(Expression):
    """``operator operand``."""

    __slots__ = ("operand", "operator")
    fields = ("operand",)
    operand: Expression
    operator: str  # "not", "-", "+" or "~"


class Boolean(Expression):
    """``left and right`` or ``left or right``; a chain nests to the left."""

    __slots__ = ("left", "operator", "right")
    fields = ("left", "right")
    left: Expression
    right: Expression
    operator: str  # "and" or "or"


class Compare(Expression):
    """``left operators[0] comparators[0] operators[1] ...``."""

    __slots__ = ("comparators", "left", "operators")
    fields = ("left", "comparators")
    left: Expression
    operators: list[str]
    comparators: list[Expression]


class Conditional(Expression):
    """``body if test else orelse``."""

    __slots__ = ("body", "orelse", "test")
    fields = ("body", "test", "orelse")
    test: Expression
    body: Expression
    orelse: Expression


class Parameter(Node):
    """One parameter; ``kind`` is "position", "either", "keyword", "*" or "**".

    Of a type parameter (PEP 695), ``kind`` is "type", "*type" or "**type" and ``annotation`` is its bound.
    """

    __slots__ = ("annotation", "default", "generics", "kind", "name")
    fields = ("annotation", "default")
    name: str
    kind: str
    annotation: Expression | None
    default: Expression | None
    generics: Scope | None  # that of the type parameters around it, where there are any

    def scope_for(self, child: Node) -> Scope | None:
        """Show the type parameters to the annotation, but not to the default of a plain parameter."""
        return self.generics if child is self.annotation or self.kind.endswith("type") else None


class Lambda(Expression):
    """``lambda params: body``; also the value of a type alias that has type parameters."""

    __slots__ = ("body", "namespace", "params")
    fields = ("params", "body")
    params: list[Parameter]
    body: Expression
    namespace: Scope

    def scope_for(self, child: Node) -> Scope | None:
        """Show the parameters to the body, but not to the defaults."""
        return self.namespace if child is self.body else None


class Comprehension(Expression):
    """A list, set or dict comprehension or a generator expression; ``key`` is for dicts only."""

    __slots__ = ("generators", "key", "kind", "namespace", "value")
    fields = ("key", "value", "generators")
    kind: str
    key: Expression | None
    value: Expression
    generators: list[Generator]
    namespace: Scope

    def scope_for(self, child: Node) -> Scope | None:
        """Show the loop variables to all parts."""
        return self.namespace


class Generator(Node):
    """One ``for target in iter if tests`` of a comprehension."""

    __slots__ = ("iter", "target", "tests")
    fields = ("target", "iter", "tests")
    target: Expression
    iter: Expression
    tests: list[Expression]

    def scope_for(self, child: Node) -> Scope | None:
        """Show the loop variables to all but the first iterable."""
        loop = self.parent
        assert isinstance(loop, Comprehension)
        return loop.scope if child is self.iter and self is loop.generators[0] else loop.namespace


class Walrus(Expression):
    """``target := value``."""

    __slots__ = ("target", "value")
    fields = ("target", "value")
    target: Expression
    value: Expression


class Starred(Expression):
    """``*value``."""

    __slots__ = ("value",)
    fields = ("value",)
    value: Expression


class Await(Expression):
    """``await value``."""

    __slots__ = ("value",)
    fields = ("value",)
    value: Expression


class Yield(Expression):
    """``yield value``; with ``delegates``, ``yield from value``."""

    __slots__ = ("delegates", "value")
    fields = ("value",)
    value: Expression | None
    delegates: bool


class Slice(Expression):
    """``lower:upper:step``, less what is left out."""

    __slots__ = ("parts",)
    fields = ("parts",)
    parts: list[Expression]
