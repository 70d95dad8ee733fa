from __future__ import annotations

import pytest

from migrator.source.compose.replacement import _moved

MOVED = [
    ("f(\n    1,\n)", "    ", "", "f(\n1,\n)"),
    ("f(\n    1,\n)", "", "  ", "f(\n      1,\n  )"),
    ("f(\n\n1)", "", "  ", "f(\n\n  1)"),
    ("f('''\n  text\n''', \n  1)", "  ", "", "f('''\n  text\n''', \n1)"),
    ("f(  # don't\n  1)", "  ", "", "f(  # don't\n1)"),
    ("f('it\\'s', \n  1)", "  ", "", "f('it\\'s', \n1)"),
    ("f(\r\n\t1)", "\t", "\t\t", "f(\r\n\t\t1)"),
    ("f(\n 1)", "    ", "", "f(\n 1)"),
]


@pytest.mark.parametrize(("text", "old", "new", "expected"), MOVED)
def test_lines_of_a_replacement_move_unless_they_are_inside_a_string(
    text: str, old: str, new: str, expected: str
) -> None:
    assert _moved(text, old, new) == expected
