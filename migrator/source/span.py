"""Half-open ranges of characters."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Characters ``start`` up to, not including, ``end`` of a source text."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Whether ``other`` lies within this span."""
        return self.start <= other.start and other.end <= self.end

    def meets(self, other: Span) -> bool:
        """Whether the two share a character; an empty span shares none."""
        return max(self.start, other.start) < min(self.end, other.end)
