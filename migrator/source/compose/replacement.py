"""What becomes of plain replacements when the statements that they stand in move or go."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from migrator.source.compose.operation import Replace
from migrator.source.edit import Conflict, Edit
from migrator.source.layout import Layout
from migrator.source.span import Span
from migrator.source.text import LINE_END

_STRING = re.compile(
    r"""(?P<quote>\"\"\"|''')(?:\\.|(?!(?P=quote)).)*(?P=quote)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\r\n]*""",
    re.DOTALL,
)


class Replacements:
    """The replacements of a module, and what was noted about their places."""

    def __init__(self, layout: Layout, wanted: Sequence[Replace]) -> None:
        self.layout = layout
        self.wanted = list(dict.fromkeys(wanted))
        self.wide = [op for op in self.wanted if LINE_END.search(layout.text, *op.span)]
        self.moves: dict[int, tuple[str, str]] = {}  # by the start of a line: its old and new indentation
        self.gone: list[Span] = []

    def note_move(self, line: int, move: tuple[str, str]) -> None:
        """Note that a line moves."""
        self.moves[line] = move

    def drop(self, start: int, end: int) -> None:
        """Note that a statement or header goes, and with it what is inserted at its very edges."""
        self.gone.append(Span(start, end))

    def take_indent_of(self, line: int, end: int) -> bool:
        """Whether a replacement takes a line's indentation with it, so that nothing else may change that."""
        return any(op.span.start < end and line < op.span.end for op in self.wide)

    def touch(self, start: int, end: int) -> bool:
        """Whether a replacement stands in a range, its edges included."""
        return any(op.span.start <= end and start <= op.span.end for op in self.wanted)

    def edits_for(self, edits: Sequence[Edit], kept: Sequence[Span]) -> list[Edit]:
        """Turn replacements into edits.

        Args:    edits: of the statements around. kept: the text that these leave alone, in order.
        Raises:  Conflict when a replacement reaches over the edge of what is kept.
        """
        return [self._edit(op) for op in self.wanted if self._is_kept(op, edits, kept)]

    def _is_kept(self, op: Replace, edits: Sequence[Edit], kept: Sequence[Span]) -> bool:
        start, end = op.span
        if start == end and any(span.start <= start <= span.end for span in self.gone):
            return False
        at = bisect_right(kept, (start, len(self.layout.text) + 1)) - 1
        if any(span.holds(op.span) for span in kept[max(at - 1, 0) : at + 1]):
            return True
        for edit in edits:
            if edit.span.holds(op.span):
                return False
        for edit in edits:
            if edit.span.meets(op.span) or start < edit.span.start < end:
                raise Conflict(Edit(op.span, op.text, op.rank), edit)
        return False

    def _edit(self, op: Replace) -> Edit:
        text = op.text
        if LINE_END.search(text):
            newline = self.layout.newline(op.span.start)
            if newline != "\n":
                text = re.sub(r"(?<!\r)\n", newline, text)
            move = self.moves.get(self.layout.line_start(op.span.start))
            if move is not None:
                text = _moved(text, *move)
        return Edit(op.span, text, op.rank)


def _moved(text: str, old: str, new: str) -> str:
    """Move all lines but the first to a new indentation, except those inside strings."""
    strings = [match.span() for match in _STRING.finditer(text)]
    pieces, at = [], 0
    for match in LINE_END.finditer(text):
        line = match.end()
        is_inside = any(start < line < end for start, end in strings)
        if not is_inside and text.startswith(old, line) and text[line:].strip(" \t")[:1] not in ("", "\r", "\n"):
            pieces += [text[at:line], new]
            at = line + len(old)
    return "".join([*pieces, text[at:]])
