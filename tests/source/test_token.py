"""The comments and strings of a module are those that Python's tokenizer finds."""

from __future__ import annotations

import io
import tokenize
from itertools import pairwise
from pathlib import Path

import pytest

from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.text import make_source
from tests.source.sample import ODD, SNIPPETS

PLACES = """\
# header

# head of a statement
x = (  # behind a bracket
    1,  # behind a comma
    # on a line of its own
)  # behind a statement


class A:  # behind a colon
    # indented
    def f(self, a, # between parameters
          b):
        return [  # in a list
            x for x in a  # in a comprehension
            # and below it
        ]
    # below a block


@cache  # behind a decorator
def g(): pass  # in a suite
if x:
    pass
# above an else
else:
    "# no comment"; y = f"# {x} neither"
# footer
"""
FILES = sorted((Path(__file__).parents[2] / "migrator").rglob("*.py"))


def read(text: str) -> Module:
    return Module(make_source("a.py", text))


def test_comments_are_found_in_every_place() -> None:
    assert read(PLACES).comments() == [
        line[line.index("#") :] for line in PLACES.splitlines() if "# " in line and '"' not in line
    ]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])
def test_they_are_those_of_the_tokenizer(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    module = read(text)
    offset = dict(enumerate(module.source.starts, 1))
    found = list(tokenize.generate_tokens(io.StringIO(text).readline))
    places = {
        kind: [(offset[x.start[0]] + x.start[1], offset[x.end[0]] + x.end[1]) for x in found if x.type == kind]
        for kind in (tokenize.COMMENT, tokenize.STRING)
    }
    assert list(module.tokens.comments) == places[tokenize.COMMENT]
    if not module.nodes(s.Text):  # an f-string is several tokens since Python 3.12
        assert list(module.tokens.strings) == places[tokenize.STRING]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
def test_of_strings_inside_each_other_the_outermost_counts(text: str) -> None:
    strings = read(text).tokens.strings
    assert all(before.end <= after.start for before, after in pairwise(strings))
