"""The comments and the strings of a text: found by its tokens alone, for a hundredth of what a tree costs."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.source.span import Span

_TOKEN = re.compile(
    r"""(?P<quote>\"{3}|'{3})(?:\\.|(?!(?P=quote)).)*(?P=quote)"""
    r"""|"(?:\\(?:\r\n|.)|[^"\\\n])*"|'(?:\\(?:\r\n|.)|[^'\\\n])*'|(?P<comment>\#[^\r\n]*)""",
    re.DOTALL,
)
_BLANK = " \t\f\r\n\\"
_BLANKS = re.compile(r"(?:[ \t\f\r\n\\]|#[^\r\n]*)*")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Where the comments and the strings of a text stand, in its order."""

    text: str
    comments: Sequence[Span]
    strings: Sequence[Span]  # as many as stand side by side; from the quotes on

    def before(self, offset: int) -> int:
        """Give where what stands before an offset ends, but for blanks and comments."""
        while True:
            while offset and self.text[offset - 1] in _BLANK:
                offset -= 1
            at = bisect_left(self.comments, (offset, 0)) - 1
            if at < 0 or self.comments[at].end < offset:
                return offset
            offset = self.comments[at].start

    def after(self, offset: int) -> int:
        """Give where what follows on an offset begins, but for blanks and comments."""
        found = _BLANKS.match(self.text, offset)
        assert found is not None
        return found.end()


def find_tokens(text: str) -> Tokens:
    """Find comments and strings; may err where an f-string holds the quotes that it stands in (PEP 701)."""
    comments: list[Span] = []
    strings: list[Span] = []
    for token in _TOKEN.finditer(text):
        (strings if token["comment"] is None else comments).append(Span(*token.span()))
    return Tokens(text, comments, strings)
