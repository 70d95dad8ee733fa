"""The most likely cause of a difference, and the nearest edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migrator.rules import aspects
from migrator.verify.edits import Edit, nearest
from migrator.verify.judge.compare import numbered, off_by
from migrator.verify.result import Cause, Finding, Outcome
from migrator.verify.trace import Backward, Begin, Step, Trace

_SCALES = 2e-3  # how constant a factor has to be
_LATE = 1 << 30  # findings without a step are about the whole run
_STEPS = 3  # how many of the first steps are looked at


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of mistake, and the rules whose edits make it."""

    name: str
    codes: tuple[str, ...]


DATA_ORDER = _Kind("data order", aspects.DATA_ORDER)
SHARDING = _Kind("sharding of the data", aspects.SHARDING)
MISSED_BACKWARD = _Kind("missed backward", aspects.MISSED_BACKWARD)
DOUBLE_DIVISION = _Kind("double division", aspects.DOUBLE_DIVISION)
CADENCE = _Kind("scheduler cadence", aspects.CADENCE)
UNSYNCHRONISED = _Kind("unsynchronised gradients", aspects.UNSYNCHRONISED)
STREAM = _Kind("dropout stream", aspects.RANDOM_STREAM)
START = _Kind("starting point", aspects.START)
LOCAL_DECISION = _Kind("decision on the numbers of one process", aspects.LOCAL_DECISION)
GRADIENTS = _Kind("gradients", aspects.GRADIENTS)
OPTIMIZER = _Kind("optimizer", aspects.OPTIMIZER)
FAILURE = _Kind("failure", ())
OUT_OF_STEP = _Kind("processes out of step", aspects.OUT_OF_STEP)
CHECKPOINT = _Kind("checkpoint", aspects.CHECKPOINT)
FILES = _Kind("files", aspects.FILES)
CONSOLE = _Kind("console", aspects.CONSOLE)
_OF_ONE_LINE = (FILES, CONSOLE)  # findings with the line that causes them


def find(
    findings: Sequence[Finding], right: Sequence[Trace], found: Sequence[Trace], edits: Sequence[Edit]
) -> Cause | None:
    """Name the cause of the earliest difference; None where there is none.

    Args:    right: the original; on several processes the references. found: the migrated program's.
    """
    different = [finding for finding in findings if finding.outcome is Outcome.DIFFERENT]
    if not different:
        return None
    by_aspect = {finding.aspect: finding for finding in reversed(different)}
    several = len(found) > 1
    order = [aspect for aspect, _ in _ORDER]
    earliest = min(different, key=lambda finding: (finding.step or _LATE, order.index(finding.aspect)))
    kind, why = dict(_ORDER)[earliest.aspect](by_aspect, right[0], found[0], several)
    if kind in _OF_ONE_LINE and earliest.place:  # where no edit is, the line itself is at fault: it was not migrated
        edits = [edit for edit in edits if earliest.place == f"{edit.file}:{edit.line}"]
    edit = nearest(edits, kind.codes, earliest.place)
    told = (edit.code, f"{edit.file}:{edit.line}", edit.message) if edit else ("", earliest.place, "")
    return Cause(kind.name, why, *told)


_Told = tuple[_Kind, str]
_Found = dict[str, Finding]


def _run(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    told = found["run"].told
    if several and ("waited for" in told or "was not done" in told):
        return OUT_OF_STEP, "one process waits for the others, which never take the same step"
    return FAILURE, "the program ends with an error"


def _samples(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    if not several and _differs_before_samples(one, other):
        return STREAM, "random numbers are drawn at another place, before the order of the samples is drawn"
    return (SHARDING if several else DATA_ORDER), found["samples"].told


def _differs_before_samples(one: Trace, other: Trace) -> bool:
    """Whether the random streams differ where the first pass begins that reads other samples."""
    for walk, (begin, start) in enumerate(zip(one.of(Begin), other.of(Begin), strict=False)):
        if begin.streams != start.streams:
            return True
        if [fetch.indices for fetch in one.batches(walk)] != [fetch.indices for fetch in other.batches(walk)]:
            return False
    return False


def _replicas(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    told = found["replicas"].told
    if "learning rates" in told:
        return LOCAL_DECISION, "the schedule depends on a number that differs between processes"
    if "gradients" in told:
        return UNSYNCHRONISED, "each process steps with its own gradients"
    return OPTIMIZER, "the processes take different steps"


def _losses(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    factor = _factor([e.value for _, e in numbered(one, Backward)], [e.value for _, e in numbered(other, Backward)])
    if factor and _lasts(factor, one, other):
        return DOUBLE_DIVISION, f"what backward is called on is {factor:.6g} times what it was, from the first step"
    fewer = len(other.losses) - len(one.losses)
    if fewer:
        return MISSED_BACKWARD, f"backward is called {len(other.losses)} times instead of {len(one.losses)}"
    if "random streams" in found and (found["random streams"].step or 0) <= (found["losses"].step or 0):
        return STREAM, "random numbers are drawn at another place before the losses differ"
    if "samples" in found:
        return _samples(found, one, other, several)
    if several and "replicas" not in found:
        return UNSYNCHRONISED, "a process computes another loss on its batch than the original does"
    if found["losses"].step == 1:
        return START, "the first loss differs, before any step: the initial parameters or the first batch are different"
    return GRADIENTS, "the losses differ, and nothing before them does"


def _lasts(factor: float, one: Trace, other: Trace) -> bool:
    """Whether the first gradients have the factor of the first loss, or, where something scales these, the next losses do."""
    norms = [(a.norm, b.norm) for a, b in zip(one.of(Step)[:1], other.of(Step)[:1], strict=False)]
    following = list(zip(one.losses, other.losses, strict=False))[1:_STEPS]
    return any(
        pairs and all(a and off_by(b / a, factor, factor) < _SCALES for a, b in pairs) for pairs in (norms, following)
    )


def _gradients(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    factor = _factor([e.norm for _, e in numbered(one, Step)], [e.norm for _, e in numbered(other, Step)])
    if factor:
        return DOUBLE_DIVISION, f"the gradients are {factor:.6g} times what they should be, from the first step"
    if len(other.losses) != len(one.losses) and not several:
        return MISSED_BACKWARD, f"backward is called {len(other.losses)} times instead of {len(one.losses)}"
    return (UNSYNCHRONISED if several else GRADIENTS), "the losses are right, the gradients are not"


def _rates(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    return CADENCE, "the learning rates differ, although the gradients are equal"


def _streams(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    return STREAM, found["random streams"].told


def _parameters(found: _Found, one: Trace, other: Trace, several: bool) -> _Told:
    return OPTIMIZER, "the steps differ, although gradients and learning rates are equal"


def _one(kind: _Kind, aspect: str) -> Callable[[_Found, Trace, Trace, bool], _Told]:
    return lambda found, one, other, several: (kind, found[aspect].told)


def _factor(right: Sequence[float], found: Sequence[float]) -> float | None:
    """Give the constant factor between two series from their first values on; None where there is none but 1."""
    pairs = [(a, b) for a, b in zip(right, found, strict=False)][:_STEPS]
    if not pairs or any(not a or a != a or b != b for a, b in pairs):
        return None
    factor = pairs[0][1] / pairs[0][0]
    if off_by(factor, 1.0, 1.0) < _SCALES:
        return None
    # Later steps start from other parameters, so the factor of the first alone must be a simple one.
    simple = min(abs(factor * n - round(factor * n)) / max(factor * n, 1.0) for n in range(1, 17))
    return factor if factor > 0 and simple < _SCALES else None


# Within a step, the first finding explains the others: wrong samples make wrong losses, these wrong gradients.
_ORDER: tuple[tuple[str, Callable[[_Found, Trace, Trace, bool], _Told]], ...] = (
    ("run", _run),
    ("samples", _samples),
    ("replicas", _replicas),
    ("losses", _losses),
    ("gradients", _gradients),
    ("learning rates", _rates),
    ("learning rates by epoch", _one(CADENCE, "learning rates by epoch")),
    ("parameters", _parameters),
    ("random streams", _streams),
    ("checkpoints", _one(CHECKPOINT, "checkpoints")),
    ("files", _one(FILES, "files")),
    ("console", _one(CONSOLE, "console")),
)
