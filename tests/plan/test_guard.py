"""A result is stopped that does not parse, loses something, or changes what no edit is about."""

from __future__ import annotations

import sys

import pytest

from migrator.errors import Distrusted
from migrator.plan import guard
from migrator.source.edit import Edit, apply
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.source.text import make_source
from tests.source.sample import ODD, SNIPPETS

BEFORE = "a = 1\n\n\ndef f():  # why\n    return a\n"
# what an edit puts in the place of `1` -> what is said about it
UNSOUND = {
    "a bracket that is not closed": ("(1", "does not parse"),
    "what cannot be given back byte for byte": ("1\n\\\nb = 2", "does not parse (cannot be reproduced byte for byte"),
    "a name that is bound nowhere": ("b", "undefined names ['b']"),
}


def read(text: str) -> Module:
    return Module(make_source("train.py", text))


def check(text: str, edit: Edit, result: str | None = None) -> Module:
    return guard.check(read(text), apply(text, [edit]) if result is None else result, [edit])


@pytest.mark.parametrize("name", UNSOUND)
def test_a_result_is_stopped_with(name: str) -> None:
    new, message = UNSOUND[name]
    with pytest.raises(Distrusted) as caught:
        check(BEFORE, Edit(Span(4, 5), new))
    assert message in caught.value.message


def test_a_lost_comment_is_noticed() -> None:
    start = BEFORE.index("  # why")
    with pytest.raises(Distrusted, match="lose the comment '# why'"):
        check(BEFORE, Edit(Span(start, start + len("  # why")), ""))


def test_changes_outside_of_the_edits_are_noticed() -> None:
    edit = Edit(Span(4, 5), "2")
    with pytest.raises(Distrusted, match="text outside the edits changed"):
        check(BEFORE, edit, "b = 2" + BEFORE[5:])
    with pytest.raises(Distrusted, match="after the edits changed"):
        check(BEFORE, edit, "a = 2" + BEFORE[5:] + "\n")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="there it compiles")
def test_syntax_that_this_python_does_not_know_is_not_brought_in() -> None:
    old, new = "try: pass\nexcept (ValueError, KeyError): pass\n", "try: pass\nexcept ValueError, KeyError: pass\n"
    edit = Edit(Span(0, len(old)), new)
    with pytest.raises(Distrusted, match="does not compile"):
        check(old, edit)
    assert check(new, Edit(Span(0, 0), "pass\n"))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
def test_no_syntax_is_held_back(text: str) -> None:
    edit = Edit(Span(0, 0), "pass\n")
    assert check(text, edit).source.text == "pass\n" + text
