from __future__ import annotations

import warnings

import pytest

from migrator.source import syntax as s
from tests.source.request import read

VALUES = [
    ("1_000", 1000), ("0xff", 255), ("00", 0), ("1.5e3", 1500.0), ("2j", 2j), ("True", True), ("None", None),
    ("...", ...),
    ("'a'", "a"), ('"a"', "a"), ("'''a\nb'''", "a\nb"), ("''", ""), ("''''''", ""), ("'\\n'", "\n"), ("r'\\n'", "\\n"),
    ("u'a'", "a"), ("b'a'", b"a"), ("b'\\xff'", b"\xff"), ("'a' 'b' \"c\"", "abc"), ("b'a' b'b'", b"ab"),
    ("'a\\\nb'", "ab"), ("'\\d'", "\\d"), ("9" * 5000, float("inf")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES, ids=lambda x: str(x)[:20])
def test_literals_have_their_value_and_warn_nobody(text: str, value: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = read(f"x = (  # why\n{text})\n")
    (node,) = module.nodes(s.Literal)
    assert node.value == value
    assert type(node.value) is type(value)


def test_line_ends_in_strings_are_what_python_makes_of_them() -> None:
    assert read("x = '''a\r\nb'''\r\n").nodes(s.Literal)[0].value == "a\nb"
