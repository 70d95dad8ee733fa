"""Text that others wrote, made safe to show: no escape sequence reaches a terminal, no control character a page."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")  # ECMA-48: colours, titles, links
# Control characters, halves of surrogate pairs (a path that is no UTF-8), and what turns the direction of writing.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Take out colours, and write what has no shape as an escape of Python's; line ends and tabs stay."""
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return _HIDDEN.sub(lambda hit: ascii(hit[0])[1:-1], text)


def line(text: str) -> str:
    """Put it on one line."""
    return " ".join(plain(text).split())


def capital(text: str) -> str:
    """Let a sentence begin with a capital, where its first word is a word and no name of a file or a variable."""
    word = text.split(" ", 1)[0].rstrip(",:;")
    return text[:1].upper() + text[1:] if word.isalpha() else text


def sentence(text: str) -> str:
    """Let it begin with a capital and end with a full stop."""
    text = capital(text.strip())
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."
