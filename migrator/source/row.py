"""Small statements, of which several may share a line."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.source import syntax as s
from migrator.source.pen import Pen
from migrator.source.settle import Fate


class Rows:
    """Writes the statements of a line."""

    def __init__(self, pen: Pen, fate: Fate) -> None:
        self.pen = pen
        self.fate = fate
        self.layout = pen.layout

    def write(self, row: Sequence[s.Statement], indent: str) -> None:
        """Write statements on a line of their own; the cursor is before them."""
        start, end = self.layout.span(row[0]).start, self.layout.span(row[-1]).end
        ends_line = self.layout.ends_line(row[-1])
        stop = self.layout.end(row[-1]) if ends_line else end
        if not any(self.fate.survives(x) for x in row):
            self.pen.replacements.drop(start, end)
            self.pen.erase(stop, indent)
            return
        for comment in self._comments(row):
            self.pen.line(indent + comment, start)
        self.pen.draft.begin()
        self.pen.start(start, indent)
        self._join(row)
        if ends_line:
            self.pen.text(stop)
        else:
            self.pen.draft.put(self.layout.newline(start))

    def write_suite(self, block: s.Block) -> None:
        """Write a block behind its header; the cursor is behind the colon."""
        row = block.statements
        start, end = self.layout.span(row[0]).start, self.layout.span(row[-1]).end
        self.pen.text(start)
        if any(self.fate.survives(x) for x in row):
            self._join(row)
        else:
            self.pen.replacements.drop(start, end)
            self.pen.draft.put("pass")
            self.pen.draft.skip(end)
        self.pen.text(self.layout.end(row[-1]))

    def fits_suite(self, block: s.Block) -> bool:
        """Whether a block can stay behind its header."""
        return not (block in self.fate.inserts or block in self.fate.wraps or self._comments(block.statements))

    def _comments(self, row: Sequence[s.Statement]) -> list[str]:
        """Give the comments inside the statements that go."""
        gone = [x for x in row if not self.fate.survives(x)]
        return [comment for x in gone for comment in self.layout.comments(*self.layout.span(x))]

    def _join(self, row: Sequence[s.Statement]) -> None:
        """Keep the statements that survive, each with the semicolon before it."""
        first, before = True, 0
        for statement in row:
            span = self.layout.span(statement)
            if self.fate.survives(statement):
                self.pen.draft.skip(span.start if first else before)
                self.pen.text(span.end)
                first = False
            else:
                self.pen.replacements.drop(*span)
            before = span.end
        self.pen.draft.skip(before)
