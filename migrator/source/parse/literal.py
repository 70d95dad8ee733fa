"""What numbers and strings mean, and which strings stand side by side."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence

import libcst as cst

from migrator.source.syntax import LiteralValue


def evaluate(text: str) -> LiteralValue:
    """Give what a number or a string means."""
    quote = text[0]
    if quote in "'\"" and "\\" not in text and "\r" not in text:
        return text[3:-3] if text.startswith(quote * 3) else text[1:-1]
    if text.isdecimal() and len(text) < 20:
        return int(text)
    with warnings.catch_warnings():  # an invalid escape is the user's business, and not for our standard error
        warnings.simplefilter("ignore")
        try:
            value: LiteralValue = ast.literal_eval(text)
        except (SyntaxError, ValueError):  # too many digits, or what only another Python accepts
            return text.strip("'\"") if text[-1] in "'\"" else float("inf")
    return value


def evaluate_joined(texts: Sequence[str]) -> str | bytes:
    """Give what strings mean that stand side by side; libcst refuses bytes beside text."""
    values = [evaluate(text) for text in texts]
    found = [value for value in values if isinstance(value, str)]
    return "".join(found) if found else b"".join(value for value in values if isinstance(value, bytes))


def string_pieces(node: object) -> Iterator[cst.BaseString]:
    """Give the strings that stand side by side in one; a string on its own gives itself."""
    while isinstance(node, cst.ConcatenatedString):
        yield node.left
        node = node.right
    assert isinstance(node, cst.BaseString)
    yield node
