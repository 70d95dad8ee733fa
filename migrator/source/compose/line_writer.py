"""Writes the new text line by line: keeps old lines, moved as the blocks around them are, and puts new ones between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrator.source.compose.replacement import Replacements
from migrator.source.compose.text_builder import TextBuilder
from migrator.source.layout import Layout


class LineWriter:
    """A builder of text that knows the indentation that lines had and get."""

    def __init__(self, layout: Layout, replacements: Replacements) -> None:
        self.layout = layout
        self.replacements = replacements
        self.builder = TextBuilder(layout.text, layout.newline)
        self.moves: list[tuple[str, str]] = []  # old and new indentation of the blocks around, innermost last
        self.placed = -1  # the line whose indentation was written already

    @contextmanager
    def moved(self, old: str, new: str) -> Iterator[None]:
        """Write lines that were indented by ``old`` with ``new`` instead."""
        self.moves.append((old, new))
        yield
        self.moves.pop()

    def keep(self, end: int) -> None:
        """Keep text up to an offset."""
        if any(old != new for old, new in self.moves):
            for start, stop in self.layout.lines(self.builder.at, end):
                if self.layout.is_line_start(start) and not self.layout.is_blank(start, self.layout.line_end(start)):
                    self._move(start)
                self.builder.keep(stop)
        self.builder.keep(end)

    def begin_statement(self, start: int, indent: str) -> None:
        """Begin the line of a statement, which may have had something before it."""
        if self.builder.at < start:
            self.keep(start)
            return
        old = self.layout.margin(self.layout.line_start(start))
        self.replacements.note_move(self.layout.line_start(start), (self.layout.text[old.start : old.end], indent))
        self.builder.put(indent)
        self.placed = start

    def _move(self, line: int) -> None:
        margin = self.layout.margin(line).start
        move = next((x for x in reversed(self.moves) if self.layout.text.startswith(x[0], margin)), None)
        if move is None or line == self.placed or self.layout.is_in_string(line):
            return
        self.replacements.note_move(line, move)
        old, new = move
        if not self.replacements.take_indent_of(line, margin + len(old)):
            same = len(old) if new.startswith(old) else len(new) if old.startswith(new) else 0
            self.builder.keep(margin + same)
            self.builder.put(new[same:])
            self.builder.skip(margin + len(old))

    def put_line(self, text: str, near: int) -> None:
        """Put a new line, with the line end that is used at an offset."""
        self.builder.begin_line()
        self.builder.put(text + self.layout.newline(max(near, 0)))

    def keep_gap(self, end: int) -> None:
        """Keep the comments and blank lines between two statements."""
        for start, stop in self.layout.lines(self.builder.at, end):
            if self.layout.is_blank(start, stop):
                self.builder.hold_blank(stop)
            else:
                self.builder.begin_line()
                self.keep(stop)

    def erase(self, end: int, indent: str) -> None:
        """Leave text out; its comments stay, each as a line of its own."""
        start = self.builder.at
        comments = self.layout.comments(start, end)
        self.builder.skip(end)
        for comment in comments:
            self.put_line(indent + comment, start)
        if not comments:
            self.builder.note_removal()
