"""Whatever rules are selected, a program is migrated in a way that runs, or is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest

from migrator.config import Settings
from migrator.rules.catalogue import CATALOGUE
from tests.programs.oracle.program import Program
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import Script, items, migrated, script
from tests.programs.oracle.verdict import check_one_process, check_two_processes

CODES = tuple(dict.fromkeys(rule.code for rule in CATALOGUE))
REPRESENTATIVE = [
    pytest.param(script(name), id=name)
    for name in (
        "03_globals",
        "04_trainer_class",
        "09_per_batch_scheduler",
        "12_resume_and_best",
        "14_no_cuda_flag",
        "15_variable",
        "21_data_parallel",
    )
]
# Without these a script is as right as with them, on two processes too: it moves what is in place, or repeats lines.
COMFORT = ("MIG002", "MIG102", "MIG103", "MIG702", "MIG703")
LATER = COMFORT[1:]  # MIG002 takes away only what the same run made unused


def applied(program: Program) -> list[str]:
    return sorted({item.code for _, item in items(program) if item.applied})


def selections(program: Program) -> Iterator[Settings]:
    """Give every single rule, every pair of those that do something here, and everything but one or two of them."""
    doing = applied(program)
    for code in CODES:
        yield Settings(select=(code,))
        yield Settings(ignore=(code,))
    for pair in combinations(doing, 2):
        yield Settings(select=pair)
        yield Settings(ignore=pair)


@pytest.mark.parametrize("script", REPRESENTATIVE)
def test_every_output_runs_as_the_original_does(script: Script, runner: Runner) -> None:
    outputs = {migrated(script.before, settings): settings for settings in selections(script.before)}
    assert None in outputs, "one rule alone never makes a program"
    assert script.after in outputs, "leaving out a rule that does nothing here changes nothing"
    for found, settings in outputs.items():
        if found is not None:
            try:
                check_one_process(runner, script.before, found, script.facts)
            except AssertionError as error:
                raise AssertionError(f"select={settings.select} ignore={settings.ignore}: {error}") from error


@pytest.mark.parametrize("script", REPRESENTATIVE)
def test_rules_that_do_nothing_here_do_nothing_together(script: Script) -> None:
    doing = applied(script.before)
    idle = tuple(code for code in CODES if code not in doing)
    assert migrated(script.before, Settings(select=idle)) is None
    assert migrated(script.before, Settings(ignore=idle)) == script.after


@pytest.mark.parametrize("script", REPRESENTATIVE)
def test_without_a_comfort_two_processes_still_train_right(script: Script, runner: Runner) -> None:
    doing = [code for code in COMFORT if code in applied(script.before)]
    assert doing, "nothing here could be left out"
    for code in doing:
        found = migrated(script.before, Settings(ignore=(code,)))
        assert found is not None, f"the program is refused without {code}"
        check_two_processes(runner, script.before, found, replace(script.facts, others_print=True))


@pytest.mark.parametrize("script", REPRESENTATIVE)
def test_what_was_left_out_can_be_done_later(script: Script) -> None:
    partly = {code: migrated(script.before, Settings(ignore=(code,))) for code in LATER}
    partly = {code: found for code, found in partly.items() if found is not None and found != script.after}
    assert partly, "nothing here could be left out"
    for code, found in partly.items():
        assert migrated(found, Settings(ignore=("MIG004",))) == script.after, f"after a run without {code}"


def test_advice_of_a_rule_that_is_left_out_is_not_given() -> None:
    before = script("08_per_epoch_scheduler").before
    assert "MIG701" in {item.code for _, item in items(before)}
    assert "MIG701" not in {item.code for _, item in items(before, Settings(ignore=("MIG701",)))}


def test_what_stops_a_program_is_told_whatever_is_selected() -> None:
    before = script("26_ddp_by_hand").before
    ignored = Settings(ignore=("MIG402",))
    assert "MIG402" in {item.code for _, item in items(before, ignored) if item.blocks}
