from __future__ import annotations

import pytest

from migrator.source.span import Span


@pytest.mark.parametrize(
    ("first", "second", "holds", "meets"),
    [
        ((2, 6), (3, 5), True, True),
        ((2, 6), (2, 6), True, True),
        ((3, 5), (2, 6), False, True),
        ((2, 4), (3, 6), False, True),
        ((2, 4), (4, 6), False, False),
        ((2, 4), (2, 2), True, False),
        ((2, 4), (3, 3), True, False),
        ((3, 3), (3, 3), True, False),
        ((2, 4), (5, 5), False, False),
    ],
)
def test_spans_hold_and_meet_each_other(
    first: tuple[int, int], second: tuple[int, int], holds: bool, meets: bool
) -> None:
    assert Span(*first).holds(Span(*second)) is holds
    assert Span(*first).meets(Span(*second)) is meets
    assert Span(*second).meets(Span(*first)) is meets
