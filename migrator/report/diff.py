"""The report as a unified diff: the exact bytes that `patch -p0` and `git apply -p0` want, and a view for people.

The patch is made of bytes. Each line keeps the encoding and the line end of its file, so the patch of a Latin-1 file
with CRLF ends applies like any other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import diff_bytes, unified_diff

from migrator.report.report import FileReport

_NO_NEWLINE = b"\\ No newline at end of file\n"
_NEEDS_QUOTES = re.compile(rb'["\\\x00-\x1f\x7f]')
_ESCAPES = {b"\n": b"\\n", b"\t": b"\\t", b"\r": b"\\r", b'"': b'\\"', b"\\": b"\\\\"}
_HEADER_LINES = 2
_HEADER_STYLE = "bold"
_STYLES = {"@": "cyan", "-": "red", "+": "green"}  # by a line's first character


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, as patch does; bytes.splitlines would split at a lone carriage return too."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _patch_path(path: str) -> str:
    """Make a path relative where it can be: patch refuses absolute names, git apply refuses `./`."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # Windows: on another drive
        return path
    return path if relative.split(os.sep)[0] == os.pardir else relative


def _header_name(path: str) -> bytes:
    """Write a file name as a diff header wants it.

    A tab ends a name that has blanks in it; a name with quotes or control characters is written as a C string.
    Source:  GNU diffutils manual, "Unusual Characters in File Names"; GNU patch reads both since 2.7, git always.
    """
    name = os.fsencode(_patch_path(path).replace(os.sep, "/"))
    if _NEEDS_QUOTES.search(name):
        return b'"' + _NEEDS_QUOTES.sub(lambda hit: _ESCAPES.get(hit[0]) or b"\\%03o" % hit[0][0], name) + b'"'
    return name + b"\t" if b" " in name else name


def unified(file: FileReport) -> Iterator[bytes]:
    """Give the lines of one file's diff, without timestamps; nothing if the file is not changed."""
    if file.text is None:
        return
    old, new = (_lines(file.source.encode(text)) for text in (file.source.text, file.text))
    name = _header_name(file.source.path)
    for line in diff_bytes(unified_diff, old, new, name, name):
        if line.endswith(b"\n"):
            yield line
        else:
            yield line + b"\n"
            yield _NO_NEWLINE


def render(file: FileReport) -> bytes:
    """Write one file's diff as a patch."""
    return b"".join(unified(file))


def _paint(lines: list[str]) -> Iterator[str]:
    """Colour each line up to its end, byte for byte: a rich Console would expand tabs and drop control characters."""
    from rich.color import ColorSystem
    from rich.style import Style

    def codes(style: str) -> list[str]:
        return Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).split("\0")

    header = codes(_HEADER_STYLE)
    styles = {first: codes(style) for first, style in _STYLES.items()}
    for number, line in enumerate(lines):
        start, stop = header if number < _HEADER_LINES else styles.get(line[:1], ("", ""))
        body = line.rstrip("\r\n")
        yield f"{start}{body}{stop}{line[len(body) :]}"


def view(file: FileReport, colour: bool) -> str:
    """Write one file's diff for people: decoded and coloured on demand, never wrapped, never read as markup."""
    lines = [
        line.decode("utf-8" if number < _HEADER_LINES else file.source.encoding, "replace")
        for number, line in enumerate(unified(file))
    ]
    return "".join(_paint(lines) if colour else lines)
