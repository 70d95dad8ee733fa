"""Puts the new text together: what is kept of the old one, in order, and what is put between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from migrator.source.edit import Edit
from migrator.source.span import Span

_FIRST, _LAST = -(1 << 30), 1 << 30  # ranks below and above all that a rule would give


@dataclass(frozen=True, slots=True)
class Put:
    """New text; ``after`` where it belongs to what stands before it."""

    text: str
    after: bool = False


@dataclass(slots=True)
class TextBuilder:
    """A cursor over the old text: each step keeps text, leaves it out, or puts new text where the cursor is.

    Blank lines are held back until it is known what follows them: where something went between two groups of them, one stays.
    """

    text: str
    newline: Callable[[int], str]  # the line end used at an offset
    at: int = 0
    after_header: bool = True  # whether a header, or the start of the file, stands directly above
    pieces: list[Span | Put] = field(default_factory=list)
    groups: list[list[Span | Put]] = field(default_factory=lambda: [[]])  # of blank lines that are held back

    # ------------------------------------------------------------ steps within a line

    def keep(self, end: int) -> None:
        """Keep the text up to an offset."""
        if end > self.at:
            self._add(Span(self.at, end))
            self.at = end

    def skip(self, end: int) -> None:
        """Leave the text up to an offset out."""
        self.at = max(self.at, end)

    def put(self, text: str, after: bool = False) -> None:
        """Put new text."""
        if text:
            self._add(Put(text, after))

    def _add(self, piece: Span | Put) -> None:
        last = self.pieces[-1] if self.pieces else None
        if isinstance(piece, Span) and isinstance(last, Span) and last.end == piece.start:
            self.pieces[-1] = Span(last.start, piece.end)
        else:
            self.pieces.append(piece)

    # ------------------------------------------------------------ steps over lines

    def begin_line(self, closes: bool = False) -> None:
        """Begin a line that is not blank; ``closes`` where it is one like ``else:``, or the end of the file."""
        groups, self.groups = self.groups, [[]]
        for piece in groups[0] if self.after_header else groups[-1] if closes else max(groups, key=len):
            self._add(piece)
        self.after_header = False
        if not self.is_fresh:
            self.put(self.newline(self.at), after=self.at == len(self.text))

    @property
    def is_fresh(self) -> bool:
        """Whether what was put together ends with a whole line."""
        return not self.pieces or self._ends_with(self.pieces[-1], ("\n", "\r"))

    def _ends_with(self, piece: Span | Put, end: str | tuple[str, ...]) -> bool:
        if isinstance(piece, Put):
            return piece.text.endswith(end)
        return self.text.endswith(end, piece.start, piece.end)

    def hold_blank(self, end: int) -> None:
        """Hold a blank line back."""
        self.groups[-1].append(Span(self.at, end))
        self.at = end

    def hold_new_blank(self, newline: str) -> None:
        """Hold a new blank line back."""
        self.groups[-1].append(Put(newline))

    def note_removal(self) -> None:
        """Note that something went here: the blank lines above and below it have met."""
        self.groups.append([])

    # ------------------------------------------------------------ the result

    def finish(self) -> tuple[list[Edit], list[Span]]:
        """Give the edits that lead from the old text to this one, and the parts of the old one that no edit enters."""
        self._end()
        edits: list[Edit] = []
        kept: list[Span] = []
        new: list[Put] = []
        at = 0
        for piece in [*self.pieces, Span(len(self.text), len(self.text))]:
            if isinstance(piece, Put):
                new.append(piece)
                continue
            if new or piece.start > at:
                edits.append(_edit(Span(at, piece.start), new))
                new = []
            kept.append(piece)
            at = piece.end
        return edits, kept

    def _end(self) -> None:
        """End the text with a line end, or without one, as the old text does."""
        has_end = self.text.endswith(("\n", "\r"))
        groups, self.groups = self.groups, [[]]
        for piece in groups[0] if len(groups) == 1 else groups[-1]:
            self._add(piece)
        if self.pieces and self.text and not has_end and self.is_fresh:
            last = self.pieces.pop()
            size = 2 if self._ends_with(last, "\r\n") else 1
            if isinstance(last, Put):
                self.put(last.text[:-size], last.after)
            elif last.end - size > last.start:
                self._add(Span(last.start, last.end - size))


def _edit(span: Span, new: Sequence[Put]) -> Edit:
    text = "".join(put.text for put in new)
    return Edit(span, text, _LAST if new and new[0].after else _FIRST)
