"""The runs side by side, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from migrator.verify.result import StepRow
from migrator.verify.trace import Backward, Step, Trace


def series(traces: Sequence[Trace]) -> Iterator[float]:
    """Give every value that backward was called on; the mean over processes where there are several."""
    return (sum(values) / len(values) for values in zip(*(trace.losses for trace in traces), strict=False))


def _steps(traces: Sequence[Trace]) -> list[tuple[float | None, Step]]:
    """List the steps of a run, each with the last value given to backward before it, averaged over the processes."""
    losses = series(traces)
    found: list[tuple[float | None, Step]] = []
    latest: float | None = None
    for event in traces[0].events:
        if isinstance(event, Backward):
            latest = next(losses, None)
        elif isinstance(event, Step):
            found.append((latest, event))
    return found


def rows(runs: Sequence[Sequence[Trace]]) -> Iterator[StepRow]:
    """Give one row for each step that any run took."""
    for number, steps in enumerate(zip_longest(*map(_steps, runs)), 1):
        yield StepRow(
            number,
            tuple(step and step[0] for step in steps),
            tuple(step and step[1].norm for step in steps),
            tuple(step and step[1].rates for step in steps),
        )
