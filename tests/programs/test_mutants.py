"""Each rule's change left out, doubled or misplaced: caught with the right cause, or harmless for a reason that holds.

A run judges one mutant of each kind for each rule, in a fixture that is quickly run; `--exhaustive` judges all there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from migrator.verify.judge import cause
from migrator.verify.result import Cause
from tests.programs.equivalent_mutants import why_harmless
from tests.programs.mutation import MISPLACED, Mutant, Work
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import script, scripts
from tests.programs.oracle.verdict import judge_one_process, judge_two_processes

# Where each rule's mutants are judged.
SELECTION = {
    "01_base_loop": ("MIG001", "MIG002", "MIG201", "MIG301", "MIG702"),
    "02_device_parameter": ("MIG003", "MIG101", "MIG102", "MIG501"),
    "03_globals": ("MIG505",),
    "07_gan_batchnorm": ("MIG103", "MIG501"),
    "14_no_cuda_flag": ("MIG104", "MIG107"),
    "15_variable": ("MIG106",),
    "17_language_model": ("MIG207",),
    "20_phases": ("MIG503",),
    "21_data_parallel": ("MIG402", "MIG504"),
    "29_augmentation": ("MIG703",),
}
_CODES = {kind.name: kind.codes for kind in vars(cause).values() if isinstance(kind, cause._Kind)}


@cache
def work(name: str) -> Work:
    return Work(script(name))


def mutants(name: str, codes: tuple[str, ...]) -> Iterator[Mutant]:
    """Give the first mutant of each kind of some rules; one that is misplaced stands for all of these."""
    seen = set()
    for mutant in work(name).mutants():
        kind = "misplaced" if mutant.kind in MISPLACED else mutant.kind
        if mutant.code in codes and (mutant.code, kind) not in seen:
            seen.add((mutant.code, kind))
            yield mutant


def caught(mutant: Mutant, runner: Runner) -> Cause | None:
    """Judge a mutant on one process, then on two, and name the cause of what is found first."""
    right = script(mutant.script)
    for judge in (judge_one_process, judge_two_processes):
        for judged in judge(runner, right.before, mutant.program, right.facts):
            if judged.wrong:
                return cause.find(judged.findings, judged.right, judged.found, mutant.edits)
    return None


def complaint(mutant: Mutant, runner: Runner) -> str:
    """Say what is wrong with the judges; empty where nothing is."""
    found = caught(mutant, runner)
    if found is None:
        right = script(mutant.script)
        lines = [line for trace in runner.alone(right.before, right.facts.launches) for line in trace.lines]
        return "" if why_harmless(mutant, work(mutant.script).good, lines) else f"missed: {mutant.name}"
    codes = _CODES[found.name]
    if codes and not mutant.calls_own_code and not any(code.startswith(codes) for code in mutant.codes):
        return f"{mutant.name}: likely {found.name}? {found.why}"
    return ""


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in SELECTION.items() for code in codes])
def test_a_mutant_is_caught_or_harmless(name: str, code: str, runner: Runner) -> None:
    found = list(mutants(name, (code,)))
    assert found, "the rule does nothing here"
    assert not list(filter(None, (complaint(mutant, runner) for mutant in found)))


@pytest.mark.parametrize("name", [one.name for one in scripts() if one.after is not None])
def test_every_mutant_is_caught_or_harmless(name: str, runner: Runner, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--exhaustive"):
        pytest.skip("takes a quarter of an hour; --exhaustive")
    found = list(work(name).mutants())
    assert {mutant.code for mutant in found} <= {code for codes in SELECTION.values() for code in codes}
    assert not list(filter(None, (complaint(mutant, runner) for mutant in found)))
