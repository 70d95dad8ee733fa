from __future__ import annotations

import pytest

from migrator.source import syntax as s
from migrator.source.layout import Layout
from tests.source.request import read, statement

TEXT = """\
@d  # 1
def f():
    if a:  # 2
        b; c(
    1)  # noqa
        # 3
    elif x: y
    # 4
    else: \\
        z = '''
    text
'''
    # 5
# 6
last
"""


@pytest.fixture
def layout() -> Layout:
    return Layout(read(TEXT))


@pytest.mark.parametrize(
    ("start", "first", "last"), [("def", 0, 13), ("if", 2, 12), ("b", 3, 5), ("elif", 6, 12), ("last", 14, 15)]
)
def test_a_statement_takes_whole_lines_and_the_comments_inside(
    layout: Layout, start: str, first: int, last: int
) -> None:
    found = statement(layout.module, start)
    assert [layout.module.source.where(x)[0] - 1 for x in (layout.start(found), layout.end(found))] == [first, last]


def test_what_shares_a_line_begins_where_it_stands(layout: Layout) -> None:
    first, second, suite = (statement(layout.module, start) for start in ("b", "c(", "y"))
    assert [layout.heads_line(x) for x in (first, second, suite)] == [True, False, False]
    assert [layout.ends_line(x) for x in (first, second, suite)] == [False, True, True]
    assert TEXT[layout.start(second) :].startswith("c(")


def test_clauses_reach_up_to_the_next_one(layout: Layout) -> None:
    (outer, inner) = layout.module.nodes(s.If)
    assert [TEXT[x.start : x.end].strip() for x in layout.clauses(outer)] == [
        "if a:  # 2\n        b; c(\n    1)  # noqa\n        # 3",
        TEXT[TEXT.index("elif") : TEXT.index("# 5")].strip(),
    ]
    assert [TEXT[x.start : x.end].strip()[:8] for x in layout.clauses(inner)] == ["elif x: ", "else: \\\n"]


def test_comments_are_found_but_for_those_to_tools(layout: Layout) -> None:
    assert layout.comments(0, len(TEXT)) == ["# 1", "# 2", "# 3", "# 4", "# 5", "# 6"]


def test_lines_inside_strings_are_known(layout: Layout) -> None:
    lines = [start for start in layout.module.source.starts if layout.is_in_string(start)]
    assert [layout.module.source.where(start)[0] for start in lines] == [11, 12]


@pytest.mark.parametrize(
    ("text", "offset", "newline"),
    [
        ("a\r\nb\n", 0, "\r\n"),
        ("a\r\nb\n", 3, "\n"),
        ("a\rb", 2, "\r"),
        ("a", 0, "\n"),
        ("", 0, "\n"),
        ("a\n\r\nb", 2, "\r\n"),
    ],
)
def test_the_line_end_at_an_offset(text: str, offset: int, newline: str) -> None:
    assert Layout(read(text)).newline(offset) == newline


@pytest.mark.parametrize(
    ("text", "unit"),
    [("if a:\n  b\n", "  "), ("if a:\n\tb\n", "\t"), ("if a: b\n", "    "), ("match a:\n  case b:\n     c\n", "   ")],
)
def test_the_unit_of_indentation_around_a_block(text: str, unit: str) -> None:
    layout = Layout(read(text))
    assert layout.unit(layout.module.nodes(s.Block)[-1]) == unit
