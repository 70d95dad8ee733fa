from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import Unreadable, Unwritable
from migrator.source.text import make_source, read_source
from tests.source.generate import steadily

BOM = codecs.BOM_UTF8

READABLE = [
    ("plain", b"x = 1\n", "utf-8", "x = 1\n"),
    ("empty", b"", "utf-8", ""),
    ("a byte order mark", BOM + b"x = 1\n", "utf-8", "x = 1\n"),
    ("a byte order mark and nothing else", BOM, "utf-8", ""),
    ("a byte order mark with its cookie", BOM + b"# coding: utf-8\n", "utf-8", "# coding: utf-8\n"),
    ("a cookie", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "iso-8859-1", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
    (
        "a cookie on the second line",
        b"#!python\n# coding: cp1252\n'\x80'\n",
        "cp1252",
        "#!python\n# coding: cp1252\n'€'\n",
    ),
    (
        "what looks like a cookie further down",
        b"\n\n# coding: latin-1\n'\xc3\xa9'",
        "utf-8",
        "\n\n# coding: latin-1\n'é'",
    ),
    (
        "what looks like one below bare carriage returns",
        b"a\rb\r# coding: latin-1\r'\xc3\xa9'",
        "utf-8",
        "a\rb\r# coding: latin-1\r'é'",
    ),
    ("a first line longer than a buffer", b"# " + "é".encode() * 5000, "utf-8", "# " + "é" * 5000),
    ("shift-jis", "# coding: shift_jis\n'日'\n".encode("shift_jis"), "shift_jis", "# coding: shift_jis\n'日'\n"),
]


@pytest.mark.parametrize(("data", "encoding", "text"), [pytest.param(*rest, id=name) for name, *rest in READABLE])
def test_a_file_is_decoded_as_python_would_and_encoded_back(data: bytes, encoding: str, text: str) -> None:
    source = read_source("a.py", data)
    assert (source.text, source.encoding) == (text, encoding)
    assert source.encode(source.text) == data


UNREADABLE = [
    ("an unknown encoding", b"# coding: nonsense\n", 1, 1, "unknown encoding"),
    ("a codec that is not one of text", b"# coding: rot13\n", 1, 1, "not a text encoding"),
    ("two encodings", BOM + b"# coding: latin-1\n", 1, 1, "encoding problem"),
    ("undecodable bytes on the first line", b"x = '\xe9'\n", 1, 6, "cannot be decoded as utf-8"),
    ("undecodable bytes further down", b"a\r\nb\r'\xe9'\n", 3, 2, "cannot be decoded as utf-8"),
    ("undecodable bytes in another encoding", b"# coding: ascii\n\n'\xe9'\n", 3, 2, "cannot be decoded as ascii"),
    ("UTF-16", "x = 1\n".encode("utf-16"), 1, 1, "cannot be decoded as utf-8"),
    ("a null byte", b"a\r\nb\0c\n", 2, 2, "null byte"),
    ("an encoding with two ways to write a thing", b"# coding: utf-7\n'+AGE-'\n", 1, 1, "byte for byte"),
    ("escapes", b"# coding: unicode_escape\n'\\x41'\n", 1, 1, "byte for byte"),
]


@pytest.mark.parametrize(
    ("data", "line", "column", "reason"), [pytest.param(*rest, id=name) for name, *rest in UNREADABLE]
)
def test_what_cannot_be_read_says_where_why_and_what_to_do(data: bytes, line: int, column: int, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_source("dir/a.py", data)
    assert str(caught.value).startswith(f"dir/a.py:{line}:{column}: ")
    assert reason in caught.value.message
    assert "; save it" in caught.value.message


@steadily(300)
@given(st.binary(max_size=60), st.sampled_from([b"", BOM, b"# coding: latin-1\n", b"# coding: cp932\r"]))
def test_any_bytes_are_read_exactly_or_refused(data: bytes, head: bytes) -> None:
    try:
        source = read_source("a.py", head + data)
    except Unreadable:
        return
    assert source.encode(source.text) == head + data


@steadily(200)
@given(st.text(alphabet="ab é\r\n\x0c\u2028\x1c"))
def test_places_count_lines_as_python_does(text: str) -> None:
    source = make_source("a.py", text)
    assert len(source.starts) == len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for offset in range(len(text) + 1):
        line, column = source.where(offset)
        assert source.starts[line - 1] + column - 1 == offset
        assert line == len(source.starts) or offset < source.starts[line]


@pytest.mark.parametrize(
    ("text", "newline"), [("", "\n"), ("a", "\n"), ("a\r\nb\nc\r\n", "\r\n"), ("a\rb\r", "\r"), ("a\nb\r\n", "\n")]
)
def test_the_newline_is_the_one_that_most_lines_have(text: str, newline: str) -> None:
    assert make_source("a.py", text).newline == newline


def test_a_character_that_the_encoding_lacks_cannot_be_written() -> None:
    source = read_source("a.py", b"# coding: latin-1\n")
    with pytest.raises(Unwritable, match="cannot be written in its own encoding"):
        source.encode("'€'")
