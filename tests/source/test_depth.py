from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from migrator.errors import Unreadable
from migrator.source.depth import LIMIT, deep_recursion
from migrator.source.module import Module
from migrator.source.text import make_source

NESTS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "lists": lambda n: "x = " + "[" * n + "1" + "]" * n,
    "calls in calls": lambda n: "x = " + "f(" * n + "1" + ")" * n,
    "calls of calls": lambda n: "x = f" + "()" * n,
    "attributes": lambda n: "x = a" + ".a" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "minus signs": lambda n: "x = " + "-" * n + "1",
    "not": lambda n: "x = " + "not " * n + "1",
    "sums": lambda n: "x = " + " + ".join("a" * (n + 1)),
    "sums on several lines": lambda n: "x = (" + "\n + ".join("a" * n) + ")",
    "sums behind backslashes": lambda n: "x = " + " + \\\n".join("a" * (n + 1)),
    "and": lambda n: "x = " + " and ".join("a" * (n + 1)),
    "powers": lambda n: "x = " + "**".join("a" * (n + 1)),
    "lambdas": lambda n: "x = " + "lambda: " * n + "1",
    "conditions": lambda n: "x = " + "1 if a else " * n + "1",
    "strings side by side": lambda n: "x = (" + '"a"\n' * n + ")",
    "elif": lambda n: "if a:\n    pass\n" + "elif a:\n    pass\n" * n,
}


@pytest.mark.parametrize("nest", [pytest.param(nest, id=name) for name, nest in NESTS.items()])
def test_code_within_the_limit_is_read_and_measured(nest: Callable[[int], str]) -> None:
    module = Module(make_source("a.py", nest(LIMIT // 2) + "\n"))
    assert module.text(module.root.body.statements[0]) == nest(LIMIT // 2).rstrip("\n")


@pytest.mark.parametrize("nest", [pytest.param(nest, id=name) for name, nest in NESTS.items()])
@pytest.mark.parametrize("depth", [2 * LIMIT, 100_000])
def test_code_beyond_the_limit_is_refused_where_it_passes_it(nest: Callable[[int], str], depth: int) -> None:
    with pytest.raises(Unreadable, match=f"nests more than {LIMIT} levels deep") as caught:
        Module(make_source("a.py", "import a\n" + nest(depth) + "\n"))
    assert caught.value.line > 1


WIDE = {
    "a table": "x = [" + "[1, -2, a.b + 3],\n" * 1000 + "]",
    "a long comparison": "x = " + " < ".join("a" * 2000),
    "a long chain of targets": "a = " * 2000 + "1",
    "long lines": "x = f(a.b, c + d)\n" * 2000,
    "operators on many operands": "x = " + " + ".join(["a.b.c.d"] * 150),
    "brackets in strings": "x = ['('] + ['(' + a]\n" * 1000,
    "quotes in comments": "# don't\nx = (a + b)\n" * 1000,
    "many ifs": "if a:\n    pass\nelif b:\n    pass\n" * 1000,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in WIDE.items()])
def test_wide_code_is_not_deep(text: str) -> None:
    assert Module(make_source("a.py", text + "\n")).root.body.statements


def test_wide_code_is_not_deep_among_bare_carriage_returns() -> None:
    assert Module(make_source("a.py", "x = a + b\r" * 1000)).root.body.statements


def test_deep_code_is_read_wherever_the_caller_stands() -> None:
    def descend(levels: int) -> Module:
        return descend(levels - 1) if levels else Module(make_source("a.py", NESTS["calls in calls"](180) + "\n"))

    module = descend(sys.getrecursionlimit() // 2)
    assert module.comments() == []


def test_room_is_given_back() -> None:
    before = sys.getrecursionlimit()
    with deep_recursion():
        assert sys.getrecursionlimit() > before
    assert sys.getrecursionlimit() == before
