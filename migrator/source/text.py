"""A Python file as text: the only place that knows about bytes, encodings and line ends."""

from __future__ import annotations

import codecs
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from migrator.errors import Unreadable, Unwritable

LINE_END = re.compile(r"\r\n|\r|\n")
LONE_CR = re.compile(r"\r(?!\n)")
_BYTE_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text with all that is needed to write it back byte for byte."""

    path: str
    text: str
    encoding: str = "utf-8"
    bom: bool = False
    starts: tuple[int, ...] = field(default=(), repr=False)  # offset of each line's first character

    def where(self, offset: int) -> tuple[int, int]:
        """Give the 1-based line and column of a character."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def with_text(self, text: str) -> Source:
        """Give this file with another text."""
        return make_source(self.path, text, self.encoding, self.bom)

    def encode(self, text: str) -> bytes:
        """Turn text into the bytes of this file: same encoding, same byte order mark.

        Raises:  Unwritable when the file's encoding has no bytes for a character.
        """
        try:
            return (_BOM if self.bom else b"") + text.encode(self.encoding)
        except UnicodeError as error:
            raise Unwritable(self.path, f"cannot be written in its own encoding ({error}); save it as UTF-8") from error

    @property
    def newline(self) -> str:
        """The line end that most lines have; a new line takes its neighbour's instead where it has one."""
        ends = LINE_END.findall(self.text)
        return max(("\n", "\r\n", "\r"), key=ends.count) if ends else "\n"


def read_source(path: str, data: bytes) -> Source:
    """Decode ``data`` as Python would.

    Raises:  Unreadable for an unknown encoding, undecodable bytes, a null byte, or bytes that encoding the text again
             would not give back.
    Source:  PEP 263 (encoding cookies), PEP 3120 (UTF-8 by default).
    """
    bom = data.startswith(_BOM)
    body = data[len(_BOM) if bom else 0 :]
    encoding = _encoding(path, data, body)
    text = _decode(path, body, encoding)
    source = make_source(path, text, encoding, bom)
    if "\0" in text:
        message = "contains a null byte, so it is not Python source; save it as UTF-8, or exclude it"
        raise Unreadable(path, message, *source.where(text.index("\0")))
    if not _survives(text, encoding, body):
        raise Unreadable(path, f"cannot be written back byte for byte as {encoding}; save it as UTF-8")
    return source


def make_source(path: str, text: str, encoding: str = "utf-8", bom: bool = False) -> Source:
    """Build a Source from text that is already decoded."""
    starts = (0, *(match.end() for match in LINE_END.finditer(text)))
    return Source(path, text, encoding, bom, starts)


def _encoding(path: str, data: bytes, body: bytes) -> str:
    """Find the encoding that the first two lines declare."""
    lines: Iterator[bytes] = iter(_BYTE_LINE_END.split(data, maxsplit=2)[:2])  # a bare \r ends a line, too
    try:
        encoding = tokenize.detect_encoding(lambda: next(lines) + b"\n")[0]
    except SyntaxError as error:
        _decode(path, body, "utf-8")  # where no encoding is declared, this tells the place of the odd byte
        raise Unreadable(path, f"cannot be decoded ({error.msg}); save it as UTF-8") from error
    return "utf-8" if len(body) < len(data) else encoding


def _decode(path: str, body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _place(body, error.start)
        message = f"cannot be decoded as {encoding} ({error.reason}); save it in the encoding that it declares"
        raise Unreadable(path, message, line, column) from error
    except (LookupError, ValueError) as error:  # "rot13" is a codec, but not one of text
        raise Unreadable(path, f"cannot be decoded ({error}); save it as UTF-8") from error


def _survives(text: str, encoding: str, body: bytes) -> bool:
    """Whether encoding the text gives the same bytes; some codecs (utf-7, escapes) have two ways to write a thing."""
    if encoding in ("utf-8", "iso-8859-1"):
        return True
    try:
        return text.encode(encoding) == body
    except UnicodeError:
        return False


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Give the 1-based line and column of a byte."""
    ends = [match.end() for match in _BYTE_LINE_END.finditer(data, 0, offset)]
    return len(ends) + 1, offset - (ends[-1] if ends else 0) + 1
