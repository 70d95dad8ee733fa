"""What numbers and strings mean, and which strings stand side by side."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

import libcst as cst


def evaluate(text: str) -> Any:
    """Give what a number or a string means."""
    quote = text[0]
    if quote in "'\"" and "\\" not in text and "\r" not in text:
        return text[3:-3] if text.startswith(quote * 3) else text[1:-1]
    if text.isdecimal() and len(text) < 20:
        return int(text)
    with warnings.catch_warnings():  # an odd escape is the user's business, and not on our standard error
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(text)
        except (SyntaxError, ValueError):  # too many digits, or what only another Python accepts
            return text.strip("'\"") if text[-1] in "'\"" else float("inf")


def string_pieces(node: Any) -> Iterator[Any]:
    """Give the strings that stand side by side in one; a string on its own gives itself."""
    while isinstance(node, cst.ConcatenatedString):
        yield node.left
        node = node.right
    yield node
