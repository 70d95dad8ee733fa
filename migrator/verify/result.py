"""The result of `--verify`: a verdict for each promise, with findings and everything that a report shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Outcome(Enum):
    """What a check, or a promise as a whole, came to."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "not verified"  # could not be run, or not be judged; never to be read as equal


@dataclass(frozen=True, slots=True)
class Cause:
    """What most likely made the difference."""

    name: str  # a few words, such as `scheduler cadence`
    why: str  # one sentence: what of the record says so
    code: str = ""  # the rule that made the nearest edit, such as MIG201
    place: str = ""  # of that edit in the migrated program, `train.py:12`
    message: str = ""  # what that edit did, in the rule's words


@dataclass(frozen=True, slots=True)
class Finding:
    """One aspect of one promise."""

    aspect: str  # `losses`, `gradients`, `learning rates`, `samples`, ...
    outcome: Outcome
    told: str  # one sentence, with both values where they differ
    step: int | None = None  # the optimizer step from which on they differ, counted from 1
    place: str = ""  # of the script's line there, in the migrated program


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise of the tool, as these runs kept it."""

    promise: str  # `P1` or `P2`
    title: str  # what it promises, in a few words
    outcome: Outcome
    summary: str  # one sentence
    findings: tuple[Finding, ...] = ()
    cause: Cause | None = None
    differences: tuple[str, ...] = ()  # legitimate ones, named


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step, as the runs saw it; None where a run did not get there."""

    number: int  # from 1
    losses: tuple[float | None, ...]  # one for each run
    norms: tuple[float | None, ...]  # of the gradients
    rates: tuple[tuple[float, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run, in a report's words."""

    name: str  # `original`, `migrated`, `migrated, 2 processes`
    command: str  # what a person would type for it
    seconds: float
    losses: tuple[float, ...]  # for each value given to backward; the mean over processes where there are several
    steps: int
    ended: str  # `finished`, `stopped after 20 steps`, `failed`, `cut after 600 s`, `not run`
    error: str = ""  # the last lines of it
    stacks: str = ""  # of all its processes, when it was cut


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of the diff, with what made it."""

    file: str
    lines: tuple[str, ...]  # of a unified diff, its `@@` line first, without line ends
    edits: tuple[tuple[str, str], ...]  # rule and message, in the order of lines


@dataclass(frozen=True, slots=True)
class Result:
    """All of it."""

    script: str  # what was run, with its arguments
    target: str
    processes: int
    device: str  # `cpu`, or the name of a GPU
    verdicts: tuple[Verdict, ...]
    runs: tuple[Run, ...] = ()
    steps: tuple[StepRow, ...] = ()
    hunks: tuple[Hunk, ...] = ()
    notes: tuple[str, ...] = ()  # paths outside of the copy, folders that were shared, settings that were fixed
    versions: tuple[tuple[str, str], ...] = field(default=())  # Python, torch, migrate

    @property
    def outcome(self) -> Outcome:
        """What all promises together came to: different where one is, equal where all are."""
        found = {verdict.outcome for verdict in self.verdicts}
        if Outcome.DIFFERENT in found:
            return Outcome.DIFFERENT
        return Outcome.EQUAL if found == {Outcome.EQUAL} else Outcome.UNKNOWN
