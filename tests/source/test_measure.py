from __future__ import annotations

import ast

import libcst as cst
import pytest

from migrator.source.measure import parsable

TEXTS = [
    ("a bare carriage return", "a\rb\r\nc\r", "a\nb\r\nc\n"),
    ("a form feed before a statement", "a\n\fb\n", "a\n\nb\n"),
    ("a form feed in an indentation", "if a:\n  \f b\n", "if a:\n  \n b\n"),
    ("a form feed on a line of its own", "a\n\f\nb\n", "a\n\f\nb\n"),
    ("a form feed before a comment", "a\n\f# b\n", "a\n\f# b\n"),
    ("a form feed inside a line", "a = \f1\n", "a = \f1\n"),
    ("a form feed behind a backslash", "a = \\\n\f1\n", "a = \\\n\f1\n"),
    ("nothing odd", "a\r\nb\n", "a\r\nb\n"),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*rest, id=name) for name, *rest in TEXTS])
def test_what_libcst_would_lose_is_written_in_other_words_of_the_same_length(text: str, expected: str) -> None:
    assert parsable(text) == expected
    assert len(text) == len(expected)
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(expected))
    assert cst.parse_module(expected).code.rstrip() == expected.rstrip()
