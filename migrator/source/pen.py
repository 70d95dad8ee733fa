"""What writes lines: keeps old ones, moved as the blocks around them are, and puts new ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrator.source.draft import Draft
from migrator.source.layout import Layout
from migrator.source.replacement import Replacements


class Pen:
    """A draft that knows the indentation that lines had and get."""

    def __init__(self, layout: Layout, replacements: Replacements) -> None:
        self.layout = layout
        self.replacements = replacements
        self.draft = Draft(layout.text, layout.newline)
        self.moves: list[tuple[str, str]] = []  # old and new indentation of the blocks around, innermost last
        self.placed = -1  # the line whose indentation was written already

    @contextmanager
    def moved(self, old: str, new: str) -> Iterator[None]:
        """Write lines that were indented by ``old`` with ``new`` instead."""
        self.moves.append((old, new))
        yield
        self.moves.pop()

    def text(self, end: int) -> None:
        """Keep text up to an offset."""
        if any(old != new for old, new in self.moves):
            for start, stop in self.layout.lines(self.draft.at, end):
                if self.layout.is_line_start(start) and not self.layout.is_blank(start, self.layout.line_end(start)):
                    self._move(start)
                self.draft.keep(stop)
        self.draft.keep(end)

    def start(self, start: int, indent: str) -> None:
        """Begin the line of a statement, which may have had something before it."""
        if self.draft.at < start:
            self.text(start)
            return
        old = self.layout.margin(self.layout.line_start(start))
        self.replacements.note_move(self.layout.line_start(start), (self.layout.text[old.start : old.end], indent))
        self.draft.put(indent)
        self.placed = start

    def _move(self, line: int) -> None:
        margin = self.layout.margin(line).start
        move = next((x for x in reversed(self.moves) if self.layout.text.startswith(x[0], margin)), None)
        if move is None or line == self.placed or self.layout.is_in_string(line):
            return
        self.replacements.note_move(line, move)
        old, new = move
        if not self.replacements.cover(line, margin + len(old)):
            same = len(old) if new.startswith(old) else len(new) if old.startswith(new) else 0
            self.draft.keep(margin + same)
            self.draft.put(new[same:])
            self.draft.skip(margin + len(old))

    def line(self, text: str, near: int) -> None:
        """Put a new line, with the line end that is used at an offset."""
        self.draft.begin()
        self.draft.put(text + self.layout.newline(max(near, 0)))

    def gap(self, end: int) -> None:
        """Keep the comments and blank lines between two statements."""
        for start, stop in self.layout.lines(self.draft.at, end):
            if self.layout.is_blank(start, stop):
                self.draft.blank(stop)
            else:
                self.draft.begin()
                self.text(stop)

    def erase(self, end: int, indent: str) -> None:
        """Leave text out; its comments stay, each as a line of its own."""
        start = self.draft.at
        comments = self.layout.comments(start, end)
        self.draft.skip(end)
        for comment in comments:
            self.line(indent + comment, start)
        if not comments:
            self.draft.cut()
