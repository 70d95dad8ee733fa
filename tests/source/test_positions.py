from __future__ import annotations

import ast

import libcst as cst
import pytest

from migrator.source.parse.positions import Positions
from migrator.source.parse.tree import parsable
from migrator.source.text import make_source

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


TEXT = """\
@d  # c
class A(B):
    def f(self, x: int = (1), *y) -> None:
        with a as b, c:
            return [z[0:1] for z in x if not z], {1: (yield), **k}, f"{x!r}"
"""


@pytest.mark.parametrize("error", [KeyboardInterrupt, RecursionError])
def test_what_interrupts_the_measuring_is_not_hidden_by_what_is_half_measured(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, source = cst.parse_module(TEXT), make_source("a.py", TEXT)
    kinds: set[type[cst.CSTNode]] = set()

    def collect(node: cst.CSTNode) -> None:
        kinds.add(type(node))
        for child in node.children:
            collect(child)

    def interrupt(node: cst.CSTNode, state: object, **options: object) -> None:
        raise error

    collect(tree)
    assert {cst.Param, cst.Decorator, cst.CompFor} <= kinds
    for kind in kinds:
        with monkeypatch.context() as patch, pytest.raises(error):
            patch.setattr(kind, "_codegen_impl", interrupt)
            Positions(tree, source)
    assert Positions(tree, source).inner(tree.body[0])
