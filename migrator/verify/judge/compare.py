"""Where two traces first differ, aspect by aspect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from typing import TypeVar

from migrator.verify.result import Finding, Outcome
from migrator.verify.trace import Block, Step, Trace

Kind = TypeVar("Kind")
Numbered = tuple[int, Kind]

TOLERANCE = 1e-4  # relative, between two orders of summation, at a first step
GROWTH = 10.0  # what such a difference may become from one step to the next
CEILING = 5e-2  # and what it may never pass


def numbered(trace: Trace, kind: type[Kind]) -> list[Numbered[Kind]]:
    """List the events of one kind, each with the number of the step that it belongs to, from 1."""
    found: list[Numbered[Kind]] = []
    step = 1
    for event in trace.events:
        if type(event) is kind:
            found.append((step, event))
        if type(event) is Step:
            step += 1
    return found


def same(one: float, other: float) -> bool:
    """Whether two numbers are one, to the last bit; all that are not a number are."""
    return one == other or (isnan(one) and isnan(other))


def off_by(one: float, other: float, scale: float) -> float:
    """Give the difference of two numbers, relative to a scale; infinite where one alone is not finite."""
    if same(one, other):
        return 0.0
    distance = abs(one - other) / scale
    return distance if distance == distance else float("inf")


def gradients_off(one: Step, other: Step) -> float:
    """Give the largest difference of the gradients of two steps, block by block, relative to each block's norm."""
    if len(one.blocks) != len(other.blocks):
        return float("inf")
    return max((_block_off(a, b) for a, b in zip(one.blocks, other.blocks, strict=True)), default=0.0)


def _block_off(one: Block, other: Block) -> float:
    scale = max(one.norm, 1e-7)
    # The sum of n numbers that are off by one part in a million is off by less than the norm times the root of n; the
    # norm alone is a safe scale for it, since what is off by a wrong factor is off in the norm as well.
    sums = (off_by(a, b, max(scale, abs(a))) for a, b in zip(one.sums, other.sums, strict=True))
    return max(off_by(one.norm, other.norm, scale), *sums)


class Drift:
    """The differences that rounding explains: small at first, and without a jump from one step to the next."""

    def __init__(self) -> None:
        """Begin with the first step."""
        self._largest = 0.0

    def explains(self, off: float) -> bool:
        """Whether rounding may explain a difference, given the earlier ones."""
        allowed = min(CEILING, max(TOLERANCE, GROWTH * self._largest))
        self._largest = max(self._largest, off)
        return off <= allowed


def figure(value: float) -> str:
    """Write a number so that a difference can be seen."""
    return f"{value:.9g}"


def count(
    aspect: str,
    what: str,
    right: Sequence[Numbered[object]],
    found: Sequence[Numbered[object]],
    was: str = "in the original",
) -> Finding | None:
    """Report that one list is longer."""
    if len(right) == len(found):
        return None
    shorter = min(len(right), len(found))
    step, event = (found if len(found) > shorter else right)[shorter]
    told = f"{what}: {len(found)}, where there are {len(right)} {was}"
    return Finding(aspect, Outcome.DIFFERENT, told, step, getattr(event, "place", "") if len(found) > shorter else "")


def first(
    aspect: str,
    right: Sequence[Numbered[Kind]],
    found: Sequence[Numbered[Kind]],
    told: Callable[[Kind, Kind], str],
) -> Finding | None:
    """Find the first pair that differs.

    Args:    told: says how two events differ; empty where they do not.
    """
    for (_, one), (step, other) in zip(right, found, strict=False):
        if text := told(one, other):
            return Finding(aspect, Outcome.DIFFERENT, f"step {step}: {text}", step, getattr(other, "place", ""))
    return None


def equal(aspect: str, told: str) -> Finding:
    """Say that an aspect is equal."""
    return Finding(aspect, Outcome.EQUAL, told)
