"""Writes simple statements, of which several may share a line."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.source import syntax as s
from migrator.source.compose.line_writer import LineWriter
from migrator.source.compose.normalize import BlockOutcome


class SimpleStatements:
    """Writes the statements of a line."""

    def __init__(self, writer: LineWriter, outcome: BlockOutcome) -> None:
        self.writer = writer
        self.outcome = outcome
        self.layout = writer.layout

    def write(self, line: Sequence[s.Statement], indent: str) -> None:
        """Write statements on a line of their own; the cursor is before them."""
        start, end = self.layout.span(line[0]).start, self.layout.span(line[-1]).end
        ends_line = self.layout.ends_line(line[-1])
        stop = self.layout.end(line[-1]) if ends_line else end
        if not any(self.outcome.survives(x) for x in line):
            self.writer.replacements.drop(start, end)
            self.writer.erase(stop, indent)
            return
        for comment in self._comments(line):
            self.writer.put_line(indent + comment, start)
        self.writer.builder.begin_line()
        self.writer.begin_statement(start, indent)
        self._join(line)
        if ends_line:
            self.writer.keep(stop)
        else:
            self.writer.builder.put(self.layout.newline(start))

    def write_suite(self, block: s.Block) -> None:
        """Write a block on the line of its header; the cursor is after the colon."""
        line = block.statements
        start, end = self.layout.span(line[0]).start, self.layout.span(line[-1]).end
        self.writer.keep(start)
        if any(self.outcome.survives(x) for x in line):
            self._join(line)
        else:
            self.writer.replacements.drop(start, end)
            self.writer.builder.put("pass")
            self.writer.builder.skip(end)
        self.writer.keep(self.layout.end(line[-1]))

    def fits_suite(self, block: s.Block) -> bool:
        """Whether a block can stay on the line of its header."""
        return not (block in self.outcome.inserts or block in self.outcome.wraps or self._comments(block.statements))

    def _comments(self, line: Sequence[s.Statement]) -> list[str]:
        """Give the comments inside the statements that go."""
        gone = [x for x in line if not self.outcome.survives(x)]
        return [comment for x in gone for comment in self.layout.comments(*self.layout.span(x))]

    def _join(self, line: Sequence[s.Statement]) -> None:
        """Keep the statements that survive, each with the semicolon before it."""
        first, before = True, 0
        for statement in line:
            span = self.layout.span(statement)
            if self.outcome.survives(statement):
                self.writer.builder.skip(span.start if first else before)
                self.writer.keep(span.end)
                first = False
            else:
                self.writer.replacements.drop(*span)
            before = span.end
        self.writer.builder.skip(before)
