"""Replacements of text by span, and their application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from migrator.source.span import Span


class Edit(NamedTuple):
    """Put ``text`` in place of the characters of ``span``: an empty span inserts, an empty text deletes.

    Insertions at one offset stand in the order of their ``rank``, then in the order given.
    """

    span: Span
    text: str
    rank: int = 0


class Conflict(Exception):
    """Two edits claim the same characters."""

    def __init__(self, first: Edit, second: Edit) -> None:
        super().__init__(f"edits overlap: {first} and {second}")
        self.edits = (first, second)


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Sort edits by place; an insertion comes before a replacement that starts at the same character.

    Raises:  Conflict if two of them overlap, or an insertion lies inside a replaced span.
    """
    ordered = sorted(edits, key=lambda edit: (edit.span.start, edit.span.end > edit.span.start, edit.rank))
    last: Edit | None = None
    for edit in ordered:
        if last is not None and edit.span.start < last.span.end:
            raise Conflict(last, edit)
        last = edit
    return ordered


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Carry out edits that do not overlap.

    Raises:  Conflict if they do.
    """
    pieces, at = [], 0
    for edit in in_order(edits):
        pieces += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, text[at:]])
