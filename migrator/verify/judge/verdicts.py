"""A verdict for each promise: the differences, without those that the original shows itself or that a finding explains."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from migrator.report.report import FileReport
from migrator.verify.edits import Edit
from migrator.verify.judge import alone, cause, together
from migrator.verify.judge.explained import explained
from migrator.verify.judge.output import unstable_forms
from migrator.verify.result import Finding, Outcome, Verdict
from migrator.verify.trace import Step, Trace

P1, P2 = "P1", "P2"
_TITLES = {P1: "the same numbers on one process", P2: "the right numbers on {} processes"}
_TRAINING = {"run", "losses", "gradients", "learning rates", "parameters"}  # what a promise stands and falls with
_OF_ITSELF = {"run", "replicas"}  # judged without the original: that it does not repeat itself says nothing of them


_READS_AHEAD = "Accelerate reads one batch ahead, so the reference cannot repeat the random numbers of a step"


class Again:
    """A second run of the original, made where something differs: what differs from itself says nothing of a migration."""

    def __init__(self, run: Callable[[], Trace], first: Trace) -> None:
        """Take note of how to make it."""
        self._run = run
        self._first = first
        self._trace: Trace | None = None

    @property
    def trace(self) -> Trace:
        """The second run."""
        if self._trace is None:
            self._trace = self._run()
        return self._trace

    @property
    def unstable(self) -> set[str]:
        """The forms of printed lines whose figures are never the same, such as times."""
        return unstable_forms(self._first.lines, self.trace.lines)

    @property
    def aspects(self) -> set[str]:
        """In which aspects the original differs from itself."""
        return {finding.aspect for finding in alone.original_differs_from_itself(self._first, self.trace)}


@dataclass(frozen=True, slots=True)
class Migration:
    """What is known of a migration beside its runs."""

    files: Sequence[
        tuple[str, FileReport]
    ]  # with the findings of the migration, by their paths from the project's root
    edits: Sequence[Edit]


def original_says_nothing(original: Trace, world: int) -> list[Verdict]:
    """Give the verdicts where the original fails, or trains nothing: none of them is about the migration."""
    findings = tuple(alone.judge(original, original))
    return [
        Verdict(promise, _title(promise, world), Outcome.UNKNOWN, findings[0].told, findings) for promise in (P1, P2)
    ]


def not_run(world: int) -> Verdict:
    """Give the second verdict where the first run of the migrated program has failed."""
    told = "not run: the migrated program already fails on one process"
    return Verdict(P2, _title(P2, world), Outcome.UNKNOWN, told)


def one_process(original: Trace, migrated: Trace, again: Again, migration: Migration, reads_ahead: bool) -> Verdict:
    """Judge the first promise.

    Args:    reads_ahead: the Accelerator reads a batch ahead.
    """
    found = alone.judge(original, migrated, reads_ahead)
    if _consoles_differ(found):
        found = alone.judge(original, migrated, reads_ahead, again.unstable)
    findings = _settle(found, again)  # what a migration tells of concerns several processes: nothing is explained here
    outcome = _outcome(findings)
    told = _first_difference(findings)
    if outcome is Outcome.EQUAL:
        steps = len(original.of(Step))
        told = (
            f"{len(original.losses)} losses, and the parameters after each of {steps} steps, are equal to the last bit"
        )
    elif outcome is Outcome.UNKNOWN:
        told = "two runs of the original differ from each other, so the migration cannot be judged; does the script set its seeds?"
    why = cause.find(findings, [original], [migrated], migration.edits)
    return Verdict(P1, _title(P1, 1), outcome, told, tuple(findings), why)


def several_processes(
    original: Trace,
    ranks: Sequence[Trace],
    make_references: Callable[[tuple[int, ...]], list[Trace]],
    join: Callable[[tuple[int, ...]], Trace],
    again: Again,
    migration: Migration,
    reads_ahead: bool,
) -> Verdict:
    """Judge the second promise.

    Args:    make_references: runs the original as the reference, given the schedulers that advance with
                 every batch. join: runs it on one process that takes the batches of all as one. reads_ahead: the
                 Accelerator reads a batch ahead.
    """
    repeated = together.schedules_in_batches(original)
    references = [] if any(trace.error for trace in ranks) else make_references(repeated)
    found = together.judge(original, ranks, references, set())
    if _consoles_differ(found):
        found = together.judge(original, ranks, references, again.unstable)
    if reads_ahead and together.draws_in_steps(original):
        found = _withdraw(found, {"losses", "gradients", "checkpoints", "console"}, _READS_AHEAD)
    findings, differences = explained(found, migration.files)
    findings = _settle(findings, again)
    outcome = _outcome(findings)
    told = _first_difference(findings)
    if outcome is Outcome.EQUAL:
        steps = len(ranks[0].of(Step))
        told = f"{len(ranks)} processes stay equal, and each of {steps} steps has the mean of the original's gradients"
    elif outcome is Outcome.UNKNOWN:
        told = next(finding.told for finding in findings if finding.outcome is Outcome.UNKNOWN)
    why = cause.find(findings, references or [original], ranks, migration.edits)
    differences += together.legitimate(original, ranks, repeated)
    if outcome is Outcome.EQUAL and together.is_dealt_out(ranks):
        same, other = together.judge_joined(ranks, join(repeated))
        findings += same
        differences += other
    return Verdict(P2, _title(P2, len(ranks)), outcome, told, tuple(findings), why, tuple(differences))


def _title(promise: str, world: int) -> str:
    return _TITLES[promise].format(world)


def _consoles_differ(findings: Sequence[Finding]) -> bool:
    return any(finding.aspect == "console" and finding.outcome is Outcome.DIFFERENT for finding in findings)


def _settle(findings: Sequence[Finding], again: Again) -> list[Finding]:
    """Withdraw what the original does not repeat either."""
    if all(finding.outcome is not Outcome.DIFFERENT for finding in findings):
        return list(findings)
    unstable = again.aspects
    if unstable & _TRAINING:
        unstable |= {finding.aspect for finding in findings} - _OF_ITSELF
    return _withdraw(findings, unstable, "two runs of the original also differ in this")


def _withdraw(findings: Sequence[Finding], aspects: Set[str], why: str) -> list[Finding]:
    """Leave differences in some aspects open."""
    return [
        replace(finding, outcome=Outcome.UNKNOWN, told=f"{finding.told}; but {why}")
        if finding.outcome is Outcome.DIFFERENT and finding.aspect in aspects
        else finding
        for finding in findings
    ]


def _outcome(findings: Sequence[Finding]) -> Outcome:
    """Sum up: what is not known of the training leaves a promise open, what is not known of the console does not."""
    if any(finding.outcome is Outcome.DIFFERENT for finding in findings):
        return Outcome.DIFFERENT
    unknown = {finding.aspect for finding in findings if finding.outcome is Outcome.UNKNOWN}
    return Outcome.UNKNOWN if unknown & {*_TRAINING, alone.ORIGINAL_FAILED} else Outcome.EQUAL


def _first_difference(findings: Sequence[Finding]) -> str:
    different = [finding for finding in findings if finding.outcome is Outcome.DIFFERENT]
    first = min(different, key=lambda finding: finding.step or sys.maxsize, default=None)
    return f"{first.aspect}: {first.told}" if first else ""
