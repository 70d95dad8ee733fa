"""The same program in other files is migrated at the same sites, and still computes the same."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

import pytest

from tests.programs.oracle.program import SCRIPT, Program
from tests.programs.oracle.runner import Launches, Runner
from tests.programs.oracle.script import Script, items, migrated, script, scripts
from tests.programs.oracle.verdict import check_training, check_two_processes
from tests.programs.resplit import Unfit, merge, reached, split
from tests.programs.test_metamorphic import LAYOUT
from tests.programs.transform import is_flat, wrap_in_function

# What stays in one file, and why; a script that does everything at module level does it in a function first.
NOT_SPLIT = {
    "11_metrics": "what it defines needs variables of the module",
    "26_ddp_by_hand": "it defines nothing but main",
    "27_modulo_accumulation": "it defines nothing but main",
}
# What stays in several files, and why.
NOT_MERGED = {"36_registries": "a module of its own is used by its name"}
# A device that an imported module defines stays there; in the one file it is the script's own, and is replaced.
ANOTHER_DEVICE = ("35_package",)
# Their two processes are compared as well.
IN_FULL = ("02_device_parameter", "32_trainer_in_another_file")


@dataclass(frozen=True, slots=True)
class Refiled:
    """A program, and the same in other files."""

    name: str
    before: Program
    after: Program
    there: Launches
    here: Launches


def refiled(fixture: Script) -> Refiled:
    """Split a script, or merge the files that a program's first launch runs.

    Raises:  Unfit
    """
    launches = fixture.facts.launches
    if fixture.before.is_script:
        return Refiled(fixture.name, fixture.before, _split(fixture.before), launches, launches)
    entry = launches[0][0]
    launches = tuple(launch for launch in launches if launch[0] == entry)
    alone = reached(fixture.before, entry)
    return Refiled(fixture.name, alone, merge(alone, entry), launches, [(SCRIPT, *rest) for _, *rest in launches])


def _split(program: Program) -> Program:
    """Split a script; one that does everything at module level does it in a function first."""
    try:
        return split(program)
    except Unfit:
        if not is_flat(program.text):
            raise
        return split(Program.single(wrap_in_function(program.text).text))


CASES = [pytest.param(one, id=one.name) for one in scripts() if one.name not in {*NOT_SPLIT, *NOT_MERGED}]


def sites(program: Program, without: frozenset[str] = LAYOUT) -> set[tuple[str, str, bool]]:
    """Name every edit and every finding by its code, the text that it is about, and whether it was applied."""
    files = dict(program.files)
    found = set()
    for name, item in items(program):
        if item.code not in without:
            lines = files[name].splitlines(keepends=True)[item.line - 1 : item.end_line]
            end = sum(map(len, lines[:-1])) + item.end_column - 1
            found.add((item.code, " ".join("".join(lines)[item.column - 1 : end].split()), item.applied))
    return found


@pytest.mark.parametrize("fixture", CASES)
def test_the_handled_sites_are_the_same(fixture: Script) -> None:
    case = refiled(fixture)
    without = LAYOUT | {"MIG101"} if fixture.name in ANOTHER_DEVICE else LAYOUT
    assert sites(case.after, without) == sites(case.before, without)


@pytest.mark.parametrize("fixture", [case for case in CASES if case.values[0].after is not None])
def test_what_comes_of_it_computes_what_the_original_did(fixture: Script, runner: Runner) -> None:
    case = refiled(fixture)
    found = migrated(case.after)
    assert found is not None
    check_training(runner.alone(case.before, case.there), runner.alone(found, case.here))


@pytest.mark.parametrize("name", IN_FULL)
def test_two_processes_train_right_as_well(name: str, runner: Runner) -> None:
    fixture = script(name)
    case = refiled(fixture)
    found = migrated(case.after)
    assert found is not None
    check_two_processes(runner, case.after, found, replace(fixture.facts, launches=case.here))


@pytest.mark.parametrize(("name", "reason"), [*NOT_SPLIT.items(), *NOT_MERGED.items()])
def test_why_a_program_stays_in_its_files(name: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        refiled(script(name))


# ---------------------------------------------------------------- the refiling itself

SHORT = '''\
"""One file."""
import torch
from torch import nn

STEPS = 2


class Net(nn.Module):
    def forward(self, x):
        return x


# what it learns from
def data():
    return torch.utils.data.DataLoader([1, 2])


def train(net):
    for x in data():
        net(x)


def steps():
    return STEPS


train(Net())
'''
SPLIT = {
    "data.py": """\
import torch


# what it learns from
def data():
    return torch.utils.data.DataLoader([1, 2])
""",
    "engine.py": """\
from data import data


def train(net):
    for x in data():
        net(x)
""",
    "model.py": """\
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x
""",
}


def test_a_script_is_split_as_a_person_would() -> None:
    found = dict(split(Program.single(SHORT)).files)
    rest = found.pop(SCRIPT)
    assert found == SPLIT
    assert "from torch import nn\nfrom model import Net\nfrom engine import train\n\nSTEPS = 2\n" in rest
    assert "def steps():\n    return STEPS\n" in rest
    assert "class Net" not in rest


def test_what_was_split_is_merged_to_the_same_statements() -> None:
    program = split(Program.single(SHORT))
    found = ast.parse(merge(program, SCRIPT).text).body
    assert {ast.dump(x) for x in found} == {ast.dump(x) for x in ast.parse(SHORT).body[1:]}
