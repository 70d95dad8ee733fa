from __future__ import annotations

import pytest

from migrator.source.compose.text_builder import TextBuilder
from migrator.source.edit import Edit, apply
from migrator.source.span import Span


def builder(text: str) -> TextBuilder:
    return TextBuilder(text, lambda offset: "\n")


def test_what_is_kept_is_no_edit() -> None:
    new = builder("abc")
    new.keep(2)
    new.keep(3)
    assert new.finish() == ([], [Span(0, 3), Span(3, 3)])


def test_what_is_skipped_and_put_is_one_edit() -> None:
    new = builder("abcd\n")
    new.keep(1)
    new.skip(2)
    new.put("X")
    new.put("Y")
    new.keep(5)
    (edit,), kept = new.finish()
    assert (edit.span, edit.text) == (Span(1, 2), "XY")
    assert kept == [Span(0, 1), Span(2, 5), Span(5, 5)]


def test_new_text_belongs_to_what_follows_unless_it_says_otherwise() -> None:
    inserted = Edit(Span(1, 1), "-")
    for after, expected in ((False, "aX-b"), (True, "a-Xb")):
        new = builder("ab")
        new.keep(1)
        new.put("X", after=after)
        new.keep(2)
        assert apply("ab", [*new.finish()[0], inserted]) == expected


MEETINGS = [
    (1, 2, False, False, 2),
    (2, 1, False, False, 2),
    (2, 1, True, False, 2),
    (0, 2, True, False, 0),
    (2, 1, False, True, 1),
]


@pytest.mark.parametrize(("above", "below", "opens", "closes", "left"), MEETINGS)
def test_of_two_groups_of_blank_lines_that_meet_one_stays(
    above: int, below: int, opens: bool, closes: bool, left: int
) -> None:
    text = "\n" * above + "gone\n" + "\n" * below + "next\n"
    new = builder(text)
    new.after_header = opens
    for end in range(1, above + 1):
        new.hold_blank(end)
    new.skip(above + 5)
    new.note_removal()
    for end in range(above + 6, above + 6 + below):
        new.hold_blank(end)
    new.begin_line(closes)
    new.keep(len(text))
    assert apply(text, new.finish()[0]) == "\n" * left + "next\n"


@pytest.mark.parametrize(("text", "expected"), [("a\nb", "a"), ("a\r\nb", "a"), ("a\nb\n", "a\n"), ("a\n\n\nb", "a")])
def test_the_end_of_the_file_keeps_its_line_end_or_its_lack(text: str, expected: str) -> None:
    new = builder(text)
    new.keep(text.index("a") + (3 if "\r" in text else 2))
    for end in range(new.at + 1, text.index("b") + 1):
        new.hold_blank(end)
    new.skip(len(text))
    new.note_removal()
    assert apply(text, new.finish()[0]) == expected
