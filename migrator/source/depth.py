"""How deeply code may nest: what is deeper is refused before it kills the parser or exhausts Python's stack.

libcst's parser and printer, our lowering and the floors above descend by recursion. The parser's stack is not Python's:
at some thousand levels it does not raise but ends the process, and long before that its time grows with the square.
Python itself stops at 200 brackets and at some thousand operators, so nothing that people write is lost.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from migrator.errors import Unreadable
from migrator.source.text import LONE_CR, Source

LIMIT = 400
_FRAMES = 20 * LIMIT  # what any floor may need for code within the limit
_WORDS = r"\b(?:and|or|not|if|lambda|await|yield|for)\b"
_SIGNS = r"\*\*|//|<<|>>|[-+*/%@|&^~]"
_OPERATOR = re.compile(rf"{_WORDS}|{_SIGNS}|[.(\[{{'\"]")  # all that can add a level
_TOKEN = re.compile(
    r"""(?P<string>(?P<quote>\"\"\"|''')(?:\\.|(?!(?P=quote)).)*(?P=quote)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    rf"|(?P<comment>\#[^\n]*)|(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<comma>[,;])|(?P<dot>\.)"
    rf"|(?P<operator>{_WORDS}|{_SIGNS})|(?P<line>\n)",
    re.DOTALL,
)
_LINE_START = re.compile(r"^([ \t]*)(elif\b|[^\s#])", re.MULTILINE)


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let Python recurse as deeply as code within the limit needs, wherever the caller stands."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def refusing_too_deep(source: Source) -> Iterator[None]:
    """Let work on a whole tree recurse.

    Raises:  Unreadable when the source nests too deeply for us.
    """
    try:
        with deep_recursion():
            yield
    except (RecursionError, MemoryError) as error:
        raise Unreadable(source.path, "nests too deeply to analyse; split it up, or exclude the file") from error


def check_depth(source: Source) -> None:
    """Refuse code that nests too deeply; costs about a hundredth of parsing.

    Raises:  Unreadable at the place where the limit is passed.
    """
    text = LONE_CR.sub("\n", source.text)
    found = _deep_elif(text) if text.count("elif") > LIMIT else None
    for start, end in _wide_statements(text):
        if found is None and len(_OPERATOR.findall(text, start, end)) > LIMIT:
            found = _deep_expression(text, start, end)
    if found is not None:
        message = f"nests more than {LIMIT} levels deep (brackets, operators, elif); split it up, or exclude the file"
        raise Unreadable(source.path, message, *source.where(found))


def _wide_statements(text: str) -> Iterator[tuple[int, int]]:
    """Give the ranges of lines, joined by brackets, that are long enough to nest deeply.

    A bracket in a string joins too many lines, which costs a little time.
    """
    at = start = depth = 0
    for line in text.split("\n"):
        at += len(line) + 1
        depth += line.count("(") + line.count("[") + line.count("{")
        depth -= line.count(")") + line.count("]") + line.count("}")
        if depth <= 0 and not line.endswith(("\\", "\\\r")):
            if at - start > LIMIT:
                yield start, at
            start, depth = at, 0
    if at - start > LIMIT:
        yield start, len(text)


@dataclass(slots=True)
class _Level:
    """What is nested between two brackets: operators in a row, and the longest row of dots and calls on one operand."""

    operators: int = 0
    longest: int = 0
    trailing: int = 0

    def trail(self) -> None:
        self.trailing += 1
        self.longest = max(self.longest, self.trailing)

    def operate(self) -> None:
        self.operators += 1
        self.trailing = 0

    @property
    def depth(self) -> int:
        return 1 + self.operators + self.longest


def _deep_expression(text: str, start: int, end: int) -> int | None:
    levels, outside, before = [_Level()], 0, ""
    for token in _TOKEN.finditer(text, start, end):
        kind, level = token.lastgroup, levels[-1]
        if kind == "open":
            outside += level.depth
            levels.append(_Level())
        elif kind == "close" and len(levels) > 1:
            levels.pop()
            outside -= levels[-1].depth
            levels[-1].trail()
        elif kind == "comma" or (kind == "line" and len(levels) == 1 and text[token.start() - 1] != "\\"):
            levels[-1] = _Level()
        elif kind == "dot":
            level.trail()
        elif kind == "operator" or (kind == "string" and before == "string"):
            level.operate()
        if outside + levels[-1].depth > LIMIT:
            return token.start()
        before = before if kind in ("comment", "line") else kind or ""
    return None


def _deep_elif(text: str) -> int | None:
    chains: list[tuple[str, int]] = []  # indentation and length of the chains around a line
    for line in _LINE_START.finditer(text):
        indent, elif_ = line[1], line[2] == "elif"
        while chains and (len(chains[-1][0]) > len(indent) or (chains[-1][0] == indent and not elif_)):
            chains.pop()
        if elif_ and chains and chains[-1][0] == indent:
            chains[-1] = (indent, chains[-1][1] + 1)
        elif elif_:
            chains.append((indent, 1))
        if sum(length for _, length in chains) > LIMIT:
            return line.start(2)
    return None
