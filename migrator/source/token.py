"""Where the comments and the strings of a text stand."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.source.span import Span

_BLANK = " \t\f\r\n\\"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Where the comments and the strings of a text stand, in its order."""

    text: str
    comments: Sequence[Span]
    strings: Sequence[Span]  # of f-strings, the outermost

    def before(self, offset: int) -> int:
        """Give where what stands before an offset ends, but for blanks and comments."""
        while True:
            while offset and self.text[offset - 1] in _BLANK:
                offset -= 1
            at = bisect_left(self.comments, (offset, 0)) - 1
            if at < 0 or self.comments[at].end < offset:
                return offset
            offset = self.comments[at].start
