from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.source.edit import Conflict, Edit, apply
from migrator.source.span import Span
from tests.source.generate import steadily

TEXT = "abcdef"


def edit(start: int, end: int, text: str, rank: int = 0) -> Edit:
    return Edit(Span(start, end), text, rank)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([], "abcdef", id="nothing"),
        pytest.param([edit(1, 3, "X")], "aXdef", id="a replacement"),
        pytest.param([edit(1, 3, "")], "adef", id="a deletion"),
        pytest.param([edit(6, 6, "X")], "abcdefX", id="an insertion at the end"),
        pytest.param([edit(3, 4, "Y"), edit(0, 1, "X")], "XbcYef", id="in any order"),
        pytest.param([edit(1, 2, "X"), edit(2, 3, "Y")], "aXYdef", id="side by side"),
        pytest.param([edit(2, 4, "X"), edit(2, 2, "Y", 9)], "abYXef", id="an insertion before a replacement"),
        pytest.param([edit(2, 4, "X"), edit(4, 4, "Y")], "abXYef", id="an insertion behind a replacement"),
        pytest.param([edit(2, 2, "B", 1), edit(2, 2, "C", 1), edit(2, 2, "A")], "abABCcdef", id="insertions by rank"),
    ],
)
def test_edits_are_applied_in_order(edits: list[Edit], expected: str) -> None:
    assert apply(TEXT, edits) == expected


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([edit(1, 4, "X"), edit(3, 5, "Y")], id="overlapping"),
        pytest.param([edit(1, 4, "X"), edit(1, 4, "X")], id="the same twice"),
        pytest.param([edit(1, 4, "X"), edit(2, 3, "Y")], id="one in another"),
        pytest.param([edit(1, 4, "X"), edit(2, 2, "Y")], id="an insertion inside a replacement"),
    ],
)
def test_edits_that_overlap_conflict(edits: list[Edit]) -> None:
    with pytest.raises(Conflict) as caught:
        apply(TEXT, edits)
    assert set(caught.value.edits) <= set(edits)


@steadily(200)
@given(st.text(min_size=1, max_size=30), st.data())
def test_text_outside_the_edits_stays(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), min_size=2)))
    edits = [edit(start, end, f"<{start}>") for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    new = {found.span.start: found for found in edits}
    expected, at = "", 0
    while at < len(text):
        expected += new[at].text if at in new else text[at]
        at = new[at].span.end if at in new else at + 1
    assert apply(text, data.draw(st.permutations(edits))) == expected
