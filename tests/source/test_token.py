"""The comments and strings that tokens hold are those of libcst."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.source.concrete.reading import Concrete
from migrator.source.text import make_source
from migrator.source.token import find_tokens

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


def test_comments_are_found_in_every_place() -> None:
    found = [PLACES[start:end] for start, end in find_tokens(PLACES).comments]
    assert found == [line[line.index("#") :] for line in PLACES.splitlines() if "# " in line and '"' not in line]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])
def test_they_are_those_that_are_measured(path: Path) -> None:
    source = make_source(str(path), path.read_text(encoding="utf-8"))
    found, measured = find_tokens(source.text), Concrete(source).tokens
    assert list(found.comments) == list(measured.comments)
    assert [x.end for x in found.strings] == [x.end for x in measured.strings]  # libcst's begin with their prefix
