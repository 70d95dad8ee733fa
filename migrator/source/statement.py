"""Nodes of the small syntax tree that do something and have no block of their own, and the block they stand in."""

from __future__ import annotations

from typing import Any

from migrator.source.expression import Expression
from migrator.source.node import Node


class Block(Node):
    """Statements that run one after the other."""

    __slots__ = ("part", "statements")
    fields = ("statements",)
    statements: list[Statement]
    part: str  # "body", "orelse", "handler", "finally" or "case"

    @property
    def owner(self) -> Any:
        """The compound statement (or the module) that this block belongs to."""
        return self.parent.parent if self.parent.is_clause else self.parent

    @property
    def is_elif(self) -> bool:
        """Whether this is no more than an ``elif``."""
        return getattr(self.statements[0], "is_elif", False)


class Statement(Node):
    """One statement."""

    __slots__ = ("index",)
    is_statement = True
    index: int

    @property
    def block(self) -> Block:
        """The block that this statement stands in."""
        return self.parent  # type: ignore[no-any-return]

    def blocks(self) -> list[Block]:
        """Give the blocks of a compound statement."""
        return []


class Assign(Statement):
    """``targets = value``; also a type alias."""

    __slots__ = ("targets", "value")
    fields = ("targets", "value")
    targets: list[Expression]
    value: Expression


class Augment(Statement):
    """``target operator= value``; the operator by libcst's name of it, as in "Add"."""

    __slots__ = ("operator", "target", "value")
    fields = ("target", "value")
    target: Expression
    value: Expression
    operator: str


class Annotate(Statement):
    """``target: annotation = value``."""

    __slots__ = ("annotation", "target", "value")
    fields = ("target", "annotation", "value")
    target: Expression
    annotation: Expression
    value: Expression | None


class Evaluate(Statement):
    """An expression as a statement."""

    __slots__ = ("value",)
    fields = ("value",)
    value: Expression


class Return(Statement):
    """``return value``."""

    __slots__ = ("value",)
    fields = ("value",)
    value: Expression | None


class Raise(Statement):
    """``raise values[0] from values[1]``."""

    __slots__ = ("values",)
    fields = ("values",)
    values: list[Expression]


class Assert(Statement):
    """``assert values[0], values[1]``."""

    __slots__ = ("values",)
    fields = ("values",)
    values: list[Expression]


class Delete(Statement):
    """``del targets``."""

    __slots__ = ("targets",)
    fields = ("targets",)
    targets: list[Expression]


class Jump(Statement):
    """``pass``, ``break`` or ``continue``."""

    __slots__ = ("word",)
    word: str


class Declare(Statement):
    """``global`` or ``nonlocal``."""

    __slots__ = ("names", "word")
    word: str
    names: list[str]


class Import(Statement):
    """``import a.b as c``: pairs of dotted name and alias."""

    __slots__ = ("names",)
    names: list[tuple[str, str | None]]


class ImportFrom(Statement):
    """``from ..a import b as c``; ``names`` is None for a star."""

    __slots__ = ("level", "module", "names")
    level: int
    module: str
    names: list[tuple[str, str | None]] | None
