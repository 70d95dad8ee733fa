"""Printed output, line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from itertools import zip_longest

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
# Lines that tell a time, which is the same in two runs by chance alone.
_TIMED = re.compile(
    r"\b(time|elapsed|took|duration|eta|it/s|s/it)\b|\d\s?(s|ms|secs?|seconds?|mins?|minutes?)\b", re.IGNORECASE
)
_FIGURES_OFF = 1e-2  # relative: what rounding in a few steps makes of a printed figure


def form(line: str) -> str:
    """Give a line without its figures."""
    return _NUMBER.sub("#", line)


def lines_differ(right: Sequence[str], found: Sequence[str]) -> str:
    """Say where two outputs first differ; empty if they do not."""
    for number, (one, other) in enumerate(zip_longest(right, found), 1):
        if one == other:
            continue
        if other is None:
            return f"{len(found)} lines are printed, where there were {len(right)}: {shown(one)} is missing"
        if one is None:
            return f"{len(found)} lines are printed, where there were {len(right)}: {shown(other)} is new"
        return f"line {number} is {shown(other)}, where it was {shown(one)}"
    return ""


def figures_differ(
    right: Sequence[str], found: Sequence[str], unstable: Set[str], tolerance: float = _FIGURES_OFF
) -> str:
    """Say where two outputs first differ by more than rounding; empty if they do not.

    Args:    unstable: forms of lines whose figures are never the same, such as times. tolerance: of other figures, relative.
    """
    if [form(line) for line in right] != [form(line) for line in found]:
        return lines_differ([form(line) for line in right], [form(line) for line in found])
    for number, (one, other) in enumerate(zip(right, found, strict=True), 1):
        if form(one) not in unstable and not _TIMED.search(one) and not _close(one, other, tolerance):
            return f"line {number} is {shown(other)}, where it was {shown(one)}"
    return ""


def unstable_forms(one: Sequence[str], other: Sequence[str]) -> set[str]:
    """List the forms of lines whose figures differ between two runs of one program."""
    return {form(a) for a, b in zip(one, other, strict=False) if a != b}


def more_than(first: Sequence[str], others: Sequence[str]) -> list[str]:
    """List what one process prints beside what the first does, figures aside."""
    more = Counter(map(form, others)) - Counter(map(form, first))
    return [line for line in others if form(line) in more]


def _close(one: str, other: str, tolerance: float) -> bool:
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(a == b or abs(float(a) - float(b)) <= tolerance * max(1.0, abs(float(a))) for a, b in pairs)


def shown(line: str) -> str:
    """Write a printed line into a sentence."""
    return repr(line if len(line) <= 60 else line[:57] + "...")
