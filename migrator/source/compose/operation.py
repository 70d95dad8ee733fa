"""What can be asked for: text to replace, statements to drop, blocks to take off or put on, lines to insert."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.source import syntax as s
from migrator.source.span import Span


class Uncomposable(Exception):
    """Operations contradict each other, or do not fit the statements they name; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Replace:
    """Put ``text`` in place of ``span``, in the indentation that the file has now."""

    span: Span
    text: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """Take a statement away, a compound one with all inside; its comments stay."""

    statement: s.Statement


@dataclass(frozen=True, slots=True)
class Unwrap:
    """Take an `if` or `with` away and move its body out; an `elif` becomes `else`."""

    statement: s.If | s.With


@dataclass(frozen=True, slots=True)
class Wrap:
    """Move consecutive statements in under a new header, which stands below the comments above the first."""

    first: s.Statement
    last: s.Statement  # in the same block
    header: str  # without indentation and line end: "if accelerator.is_main_process:"


@dataclass(frozen=True, slots=True)
class Insert:
    """Put new lines before ``block.statements[index]``, or at the block's end.

    ``tight`` puts them directly above the statement, below its comments, but not above a definition that is set off;
    otherwise they follow the statement before, set off by a blank line where the next statement is (below a definition
    by as many), but for an import below imports. Those at one place stand in the order of their ``rank``.
    """

    block: s.Block
    index: int
    lines: tuple[str, ...]
    tight: bool = False
    rank: int = 0


Operation = Replace | Drop | Unwrap | Wrap | Insert
