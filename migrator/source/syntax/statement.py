"""Nodes of the small syntax tree that do something and have no blocks."""

from __future__ import annotations

from migrator.source.syntax.node import Expression, Statement


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
