"""Insists on what the judges of a verification say of one migrated program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from migrator.report.report import FileReport
from migrator.verify.judge import alone, together
from migrator.verify.judge.cause import find
from migrator.verify.judge.explained import explained
from migrator.verify.result import Finding, Outcome
from migrator.verify.trace import Trace
from tests.programs.oracle.program import Program
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import Facts, reports

TRAINING = frozenset({"run", "original", "losses", "gradients", "learning rates", "parameters"})


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of one launch."""

    launch: int
    findings: Sequence[Finding]
    right: Sequence[Trace]  # of the original, or of the handwritten references
    found: Sequence[Trace]  # of the migrated program

    @property
    def wrong(self) -> list[Finding]:
        """What is not equal."""
        return [finding for finding in self.findings if finding.outcome is not Outcome.EQUAL]


def insist(judged: Judged) -> None:
    """Insist that every finding is one of equality.

    Raises:  AssertionError with everything else, and the cause.
    """
    if judged.wrong:
        cause = find(judged.findings, judged.right, judged.found, [])
        told = [f"{finding.aspect}: {finding.told}" for finding in judged.wrong]
        errors = [trace.error for trace in (*judged.right, *judged.found) if trace.error]
        raise AssertionError(
            "\n".join([f"launch {judged.launch}, likely {cause.name if cause else 'unknown'}:", *told, *errors])
        )


def check_one_process(runner: Runner, before: Program, after: Program, facts: Facts) -> None:
    """Insist that one process computes what it did, to the last bit."""
    for judged in judge_one_process(runner, before, after, facts):
        insist(judged)


def judge_one_process(runner: Runner, before: Program, after: Program, facts: Facts) -> Iterator[Judged]:
    """Judge each launch on one process."""
    pairs = zip(runner.alone(before, facts.launches), runner.alone(after, facts.launches), strict=True)
    for launch, (original, migrated) in enumerate(pairs):
        yield Judged(launch, judge_one(original, migrated), [original], [migrated])


def judge_one(original: Trace, migrated: Trace, reads_ahead: bool = False) -> list[Finding]:
    """Judge one process; a launch that trains nothing, to evaluate say, is judged by the rest."""
    findings = alone.judge(original, migrated, reads_ahead)
    if findings[0].aspect == alone.ORIGINAL_FAILED and not original.error:
        findings = alone.judge_output(original, migrated)
    return findings


def check_training(before: Sequence[Trace], after: Sequence[Trace]) -> None:
    """Insist on the same losses, gradients, rates and parameters alone."""
    for launch, (original, migrated) in enumerate(zip(before, after, strict=True)):
        findings = [one for one in judge_one(original, migrated, reads_ahead=True) if one.aspect in TRAINING]
        insist(Judged(launch, findings, [original], [migrated]))


def check_accelerate(runner: Runner, before: Program, after: Program, facts: Facts) -> None:
    """Insist on the same training under Hugging Face Accelerate, on one process.

    Args:    after: migrated with ``--target accelerate``.
    """
    traces = runner.alone(after, facts.launches, accelerate=True)
    if facts.reads_ahead:
        assert not any(trace.error for trace in traces)
    else:
        check_training(runner.alone(before, facts.launches), traces)


def check_two_processes(runner: Runner, before: Program, after: Program, facts: Facts) -> None:
    """Insist that two processes train as two processes should, judged by the original spelled out by hand."""
    for judged in judge_two_processes(runner, before, after, facts):
        insist(judged)


def judge_two_processes(runner: Runner, before: Program, after: Program, facts: Facts) -> Iterator[Judged]:
    """Judge each launch on two processes."""
    told = _told(before, facts.given)
    for launch, (original, ranks, references) in enumerate(_runs(runner, before, after, facts)):
        findings, _ = explained(together.judge(original, ranks, references, set()), told)
        if facts.others_print:
            findings = [one for one in findings if one.aspect != "console" or not one.told.startswith("process")]
        yield Judged(launch, findings, references or [original], ranks)


@lru_cache(maxsize=8)
def _told(before: Program, given: tuple[str, ...]) -> list[tuple[str, FileReport]]:
    return [(name, file) for name, files in reports(before, given=given).items() for file in files]


def _runs(
    runner: Runner, before: Program, after: Program, facts: Facts
) -> Sequence[tuple[Trace, list[Trace], list[Trace]]]:
    original = runner.alone(before, facts.launches)
    ranks = runner.together(after, facts.launches)
    failed = [
        (alone, launch, []) for alone, launch in zip(original, ranks, strict=True) if any(t.error for t in launch)
    ]
    if failed:
        return failed
    without_optimizer = runner.without_optimizer(before, original, ranks, facts.launches)
    return list(zip(original, ranks, without_optimizer, strict=True))


def check_everything(runner: Runner, before: Program, after: Program, for_accelerate: Program, facts: Facts) -> None:
    """Insist on all of it."""
    check_one_process(runner, before, after, facts)
    check_two_processes(runner, before, after, facts)
    check_accelerate(runner, before, for_accelerate, facts)
