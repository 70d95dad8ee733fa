"""Numbers as text: short, yet never alike where they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

NOTHING = "–"  # where a run has no number
_DIGITS = (6, 9, 12, 17)  # 17 tell any two numbers apart

Numbers = tuple[float, ...]


def short(value: float) -> str:
    """Write a number with at most six digits."""
    return f"{value:.6g}"


def same(one: Numbers, other: Numbers) -> bool:
    """Whether they are the same to the last bit; nan is like nan, and 0 is not like -0."""
    return repr(one) == repr(other)


def apart(cells: Sequence[Numbers | None]) -> list[str]:
    """Write what several runs have, with as many digits as it takes to see what differs."""
    wanted = len({repr(cell) for cell in cells})
    texts: list[str] = []
    for digits in _DIGITS:
        texts = [NOTHING if cell is None else ", ".join(f"{value:.{digits}g}" for value in cell) for cell in cells]
        if len(set(texts)) == wanted:
            break
    return texts


def processes(number: int) -> str:
    """Write how many processes."""
    return "1 process" if number == 1 else f"{number} processes"


def seconds(value: float) -> str:
    """Write a duration: 3.2 s, 2 min 5 s."""
    if value < 60 or not math.isfinite(value):
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"
