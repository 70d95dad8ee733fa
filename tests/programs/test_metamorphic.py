"""The same script written in another way is migrated at the same sites, and still computes the same."""

from __future__ import annotations

import pytest

from tests.programs.oracle.program import Program
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import Script, items, migrated, scripts
from tests.programs.oracle.verdict import check_training, check_two_processes
from tests.programs.transform import TRANSFORMATIONS, Rewritten, Transformation

# Where the Accelerator is made, and what becomes superfluous, depends on how a script is laid out.
LAYOUT = frozenset({"MIG001", "MIG002", "MIG003"})

SCRIPTS = [script for script in scripts() if script.before.is_script]
CASES = [
    pytest.param(script, transformation, id=f"{script.name}-{transformation.name}")
    for script in SCRIPTS
    for transformation in TRANSFORMATIONS
    if transformation.fits(script.before.text)
]
# One script for each transformation whose two processes are compared as well.
IN_FULL = {
    "every variable is renamed": "07_gan_batchnorm",
    "every import has an alias": "09_per_batch_scheduler",
    "in a function": "06_two_optimizers",
    "in main": "17_language_model",
    "in a method": "10_plateau",
    "on self": "01_base_loop",
}


def sites(text: str, lines: dict[int, int] | None = None) -> set[tuple[str, int | None, bool]]:
    """Name every edit and every finding by its code, the original's line, and whether it was applied."""
    found = [(item.code, item.line, item.applied) for _, item in items(Program.single(text)) if item.code not in LAYOUT]
    return {(code, lines.get(line) if lines else line, applied) for code, line, applied in found}


@pytest.mark.parametrize(("script", "transformation"), CASES)
def test_the_handled_sites_are_the_same(script: Script, transformation: Transformation) -> None:
    rewritten = transformation.rewrite(script.before.text)
    assert sites(rewritten.text, rewritten.lines) == sites(script.before.text)


@pytest.mark.parametrize(("script", "transformation"), CASES)
def test_what_comes_of_it_computes_what_the_original_did(
    script: Script, transformation: Transformation, runner: Runner
) -> None:
    found = migrated(Program.single(transformation.rewrite(script.before.text).text))
    assert (found is None) == (script.after is None)
    if found is not None:
        original = runner.alone(script.before, script.facts.launches)
        check_training(original, runner.alone(found, script.facts.launches))


@pytest.mark.parametrize("transformation", [pytest.param(one, id=one.name) for one in TRANSFORMATIONS])
def test_two_processes_train_right_as_well(transformation: Transformation, runner: Runner) -> None:
    script = next(one for one in SCRIPTS if one.name == IN_FULL[transformation.name])
    rewritten = Program.single(transformation.rewrite(script.before.text).text)
    found = migrated(rewritten)
    assert found is not None
    check_two_processes(runner, rewritten, found, script.facts)


# ---------------------------------------------------------------- the transformations themselves

SHORT = """\
import torch.nn as nn
from torch import optim

x = nn.Linear(1, 1)
steps = range(2)
for step in steps:
    optim.SGD(x.parameters(), lr=step)
"""
EXPECTED = {
    "every variable is renamed": """\
import torch.nn as nn
from torch import optim

v0 = nn.Linear(1, 1)
v1 = range(2)
for v2 in v1:
    optim.SGD(v0.parameters(), lr=v2)
""",
    "every import has an alias": """\
import torch.nn as m0
from torch import optim as m1

x = m0.Linear(1, 1)
steps = range(2)
for step in steps:
    m1.SGD(x.parameters(), lr=step)
""",
    "on self": """\
import torch.nn as nn
from torch import optim

class Experiment:
    def __init__(self):
        self.x = nn.Linear(1, 1)
        self.steps = range(2)
    def train(self):
        for self.step in self.steps:
            optim.SGD(self.x.parameters(), lr=self.step)


Experiment().train()
""",
    "in main": """\
import torch.nn as nn
from torch import optim

def main():
    x = nn.Linear(1, 1)
    steps = range(2)
    for step in steps:
        optim.SGD(x.parameters(), lr=step)


if __name__ == "__main__":
    main()
""",
}


@pytest.mark.parametrize("transformation", [pytest.param(t, id=t.name) for t in TRANSFORMATIONS if t.name in EXPECTED])
def test_a_transformation_writes_what_a_person_would(transformation: Transformation) -> None:
    assert transformation.rewrite(SHORT).text == EXPECTED[transformation.name]


@pytest.mark.parametrize("transformation", [pytest.param(one, id=one.name) for one in TRANSFORMATIONS])
def test_its_lines_lead_back_to_the_originals(transformation: Transformation) -> None:
    rewritten: Rewritten = transformation.rewrite(SHORT)
    lines = rewritten.text.splitlines()
    back = {old: lines[new - 1] for new, old in rewritten.lines.items() if new <= len(lines)}
    assert "range(2)" in back[5]
    assert "SGD" in back[7]


def test_every_transformation_fits_some_script() -> None:
    for transformation in TRANSFORMATIONS:
        assert any(transformation.fits(script.before.text) for script in SCRIPTS), transformation.name
