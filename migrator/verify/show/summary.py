"""The result for the terminal: the loss curves, a line for each promise, and below it what is not equal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from textwrap import wrap

from migrator.verify.result import Cause, Finding, Outcome, Result, Run, Verdict
from migrator.verify.show.number import processes, seconds
from migrator.verify.show.plain import line, plain, sentence
from migrator.verify.show.scale import Scale, drawable, fit

_BARS = "▁▂▃▄▅▆▇█"
_BROKEN = "×"  # among these steps is one that is not finite
_LONGEST_CURVE = 48
_SHORTEST_CURVE = 8
_STACK_LINES = 40
_ERROR_LINES = 12


def curve(losses: Sequence[float], width: int, scale: Scale) -> str:
    """Draw losses as bars; a column is the mean of the steps that fall into it."""
    edges = [column * len(losses) // width for column in range(width + 1)]
    return "".join(_bar(losses[a : max(b, a + 1)], scale) for a, b in pairwise(edges))


def _bar(column: Sequence[float], scale: Scale) -> str:
    if not all(map(drawable, column)):
        return _BROKEN
    place = math.fsum(map(scale.at, column)) / len(column)
    return _BARS[round(place * (len(_BARS) - 1))]


def _number(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e5 or value == 0 or not math.isfinite(value) else f"{value:.3e}"


def _curves(runs: Sequence[Run], width: int) -> Iterator[str]:
    """Draw all runs on one scale, each as long as it has losses beside the longest."""
    runs = [run for run in runs if run.losses]
    if not runs:
        return
    scale = fit(chain.from_iterable(run.losses for run in runs))
    title = f"loss{', logarithmic' if scale.logarithmic else ''}"
    names = [line(run.name) for run in runs]
    head = max(map(len, [*names, title])) + 2
    rows = [(_number(run.losses[0]), _number(run.losses[-1]), str(len(run.losses))) for run in runs]
    first, last, count = (max(map(len, column)) for column in zip(("first", "last", "losses"), *rows, strict=True))
    longest = max(len(run.losses) for run in runs)
    room = max(_SHORTEST_CURVE, min(_LONGEST_CURVE, longest, width - head - first - last - count - 6))
    yield f"{title:{head}}{'':{room}}  {'first':>{first}}  {'last':>{last}}  {'losses':>{count}}"
    for name, run, row in zip(names, runs, rows, strict=True):
        bars = curve(run.losses, max(1, round(room * len(run.losses) / longest)), scale)
        yield f"{name:{head}}{bars:{room}}  {row[0]:>{first}}  {row[1]:>{last}}  {row[2]:>{count}}"


def _told(label: str, text: str, width: int, hang: int | None = None) -> list[str]:
    """Write a sentence after its label, folded below its own first word or at ``hang``."""
    blank = " " * (len(label) if hang is None else hang)
    return wrap(
        line(text),
        max(width, len(label) + 20),
        initial_indent=label,
        subsequent_indent=blank,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]


def _place(place: str) -> str:
    return f"{line(place)}: " if place else ""


def _finding(promise: str, finding: Finding, width: int) -> Iterator[str]:
    unknown = ", not verified" if finding.outcome is Outcome.UNKNOWN else ""
    step = f" (from step {finding.step} on)" if finding.step is not None else ""
    yield f"{_place(finding.place)}{line(promise)} {line(finding.aspect)}{unknown}{step}"
    yield from _told("    ", finding.told, width)


def _cause(cause: Cause, width: int) -> Iterator[str]:
    yield from _told("    cause  ", f"{cause.name}: {cause.why}", width)
    if cause.code or cause.message:
        yield from _told("    edit   ", f"{_place(cause.place)}{cause.code} {cause.message}", width)


def _verdict(verdict: Verdict, width: int) -> Iterator[str]:
    text = f"{verdict.outcome.value}: {verdict.title}. {sentence(verdict.summary)}"
    yield from _told(f"{line(verdict.promise)}  ", text, width)


def _details(verdict: Verdict, width: int) -> Iterator[str]:
    for finding in verdict.findings:
        if finding.outcome is not Outcome.EQUAL:
            yield from _finding(verdict.promise, finding, width)
    if verdict.cause is not None:
        yield from _cause(verdict.cause, width)


def _expected_differences(verdict: Verdict, width: int) -> Iterator[str]:
    for difference in verdict.differences:
        yield from _told(f"{line(verdict.promise)}  ", f"expected difference: {difference}", width)


def _error(run: Run) -> Iterator[str]:
    if run.error:
        yield f"{line(run.name)}: {line(run.ended)} ({seconds(run.seconds)})"
        lines = plain(run.error).rstrip().split("\n")
        yield from (f"    {text}".rstrip() for text in lines[-_ERROR_LINES:])


def _stacks(run: Run) -> Iterator[str]:
    """Show where each process of a run was when it was cut."""
    if run.stacks:
        yield f"{line(run.name)}: where its processes were"
        yield from (f"    {text}".rstrip() for text in plain(run.stacks).rstrip().split("\n")[:_STACK_LINES])


def _blocks(result: Result, width: int) -> Iterator[list[str]]:
    where = f"{result.device}, {processes(result.processes)}"
    yield _told(f"{result.outcome.value}: ", f"{result.script} ({where})", width)
    yield list(_curves(result.runs, width))
    yield [text for verdict in result.verdicts for text in _verdict(verdict, width)]
    yield from (list(_details(verdict, width)) for verdict in result.verdicts)
    if result.outcome is not Outcome.EQUAL:
        yield from (list(_error(run)) for run in result.runs)
        yield from (list(_stacks(run)) for run in result.runs)
    yield [text for verdict in result.verdicts for text in _expected_differences(verdict, width)]
    yield [text for note in result.notes for text in _told("note: ", note, width)]


def lines(result: Result, width: int) -> list[str]:
    """Write a result as lines of about ``width`` columns, its parts set apart by empty lines."""
    blocks = [block for block in _blocks(result, width) if block]
    return [text for number, block in enumerate(blocks) for text in (["", *block] if number else block)]
