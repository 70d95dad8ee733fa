"""The oracle itself: it catches migrations that are wrong on purpose, its arithmetic is right, it leaves no process behind."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.verify.judge import together
from migrator.verify.result import Outcome
from migrator.verify.trace import Fetch, Save, Step
from tests.programs.oracle.program import Program
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import script
from tests.programs.oracle.verdict import check_one_process, check_two_processes

# ---------------------------------------------------------------- wrong on purpose


@dataclass(frozen=True, slots=True)
class Mutant:
    """A right migration with one thing made wrong, and what has to be said about it."""

    name: str
    script: str
    changes: tuple[tuple[str, str], ...]
    cause: str
    complaint: str


ON_ONE = [
    Mutant(
        "a random number is drawn",
        "29_augmentation",
        (("losses.append(loss.item())\n", "losses.append(loss.item() + 0 * torch.rand(1).item())\n"),),
        "dropout stream",
        "random numbers were drawn that the original does not draw",
    ),
    Mutant(
        "all batches are read ahead",
        "29_augmentation",
        (("in tqdm(loader,", "in tqdm(list(loader),"),),
        "dropout stream",
        "step 1: the loss is",
    ),
    Mutant(
        "a loss is divided",
        "01_base_loop",
        (("accelerator.backward(loss)", "accelerator.backward(loss / 2)"),),
        "double division",
        "step 1: the loss is 0.419588476, where it was 0.839176953",
    ),
    Mutant(
        "a batch loses its conversion",
        "15_variable",
        (("imgs.to(accelerator.device, torch.float32)", "imgs.to(accelerator.device)"),),
        "failure",
        "the migrated program fails at step 2",
    ),
    Mutant(
        "a checkpoint gets other names",
        "13_early_return",
        (
            (
                "accelerator.save(accelerator.unwrap_model(model).state_dict(), args.weights)",
                "accelerator.save({f'module.{k}': v for k, v in model.state_dict().items()}, args.weights)",
            ),
        ),
        "checkpoint",
        r"without \['/0.bias'.*and with \['/module.0.bias'",
    ),
    Mutant(
        "a line is lost",
        "01_base_loop",
        (("    accelerator.print(", "    str("),),
        "console",
        "0 lines are printed, where there were 6",
    ),
]

ON_TWO = [
    Mutant(
        "backward goes past the wrapper",
        "01_base_loop",
        (
            ("model(inputs)", "accelerator.unwrap_model(model)(inputs)"),
            ("accelerator.backward(loss)", "loss.backward()"),
        ),
        "failure",
        "computed gradients past the prepared model's forward",
    ),
    Mutant(
        "the model is not prepared",
        "01_base_loop",
        (("model, optimizer, loader, scheduler", "optimizer, loader, scheduler"),),
        "unsynchronised gradients",
        "step 1: processes 0 and 1 differ: gradients of norm",
    ),
    Mutant(
        "the loss is divided by the number of processes",
        "01_base_loop",
        (("accelerator.backward(loss)", "accelerator.backward(loss / accelerator.num_processes)"),),
        "double division",
        "step 1: the loss on process 0 is",
    ),
    Mutant(
        "the gradients are divided once more",
        "01_base_loop",
        (
            (
                "        optimizer.step()\n",
                "        for p in model.parameters():\n"
                "            p.grad /= accelerator.num_processes\n"
                "        optimizer.step()\n",
            ),
        ),
        "double division",
        "step 1: the norm of the gradients is",
    ),
    Mutant(
        "a schedule in epochs is prepared",
        "08_per_epoch_scheduler",
        (("net, opt, loader", "net, opt, loader, sched"),),
        "scheduler cadence",
        "learning rates: step 9: the learning rate is",
    ),
    Mutant(
        "a schedule in batches is not prepared",
        "09_per_batch_scheduler",
        (
            (
                "    model, optimizer, loader, scheduler = accelerator.prepare(\n"
                "        model, optimizer, loader, scheduler\n    )\n",
                "    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)\n",
            ),
        ),
        "scheduler cadence",
        "learning rates: step 2: the learning rate is",
    ),
    Mutant(
        "the data is not dealt out",
        "02_device_parameter",
        (
            (
                "model, optimizer, train_loader = accelerator.prepare(model, optimizer, train_loader)",
                "model, optimizer = accelerator.prepare(model, optimizer)",
            ),
        ),
        "sharding of the data",
        "pass 0: 96 samples of Stripes are read twice, where 0 are needed to fill the last round",
    ),
    Mutant(
        "the data is dealt out twice",
        "02_device_parameter",
        (
            (
                "batch_size=args.batch_size, shuffle=True)",
                "batch_size=args.batch_size, sampler=range(accelerator.process_index, 96, accelerator.num_processes))",
            ),
        ),
        "sharding of the data",
        "48 of 96 samples of Stripes are read by no process",
    ),
    Mutant(
        "the evaluation is dealt out",
        "10_plateau",
        (
            (
                "model, optimizer, train_loader = accelerator.prepare(model, optimizer, train_loader)",
                "model, optimizer, train_loader, valid_loader = accelerator.prepare("
                "model, optimizer, train_loader, valid_loader)",
            ),
        ),
        "sharding of the data",
        "evaluates other samples than one process does",
    ),
    Mutant(
        "a decision is made on a figure of one process",
        "10_plateau",
        (
            (
                "    scheduler.step(valid_loss)",
                "    scheduler.step(valid_loss * (1 if accelerator.is_main_process else epoch + 1))",
            ),
        ),
        "decision on the numbers of one process",
        "step 7: processes 0 and 1 differ: learning rates",
    ),
    Mutant(
        "every process writes the file",
        "13_early_return",
        (("accelerator.save(", "torch.save("),),
        "files",
        r"written by several processes: \['parity.pt'\]",
    ),
    Mutant(
        "no process writes the file",
        "13_early_return",
        (("    accelerator.save(", "    if not accelerator.is_main_process: accelerator.save("),),
        "failure",
        "process [01] at step",
    ),
    Mutant(
        "every process prints",
        "01_base_loop",
        (("accelerator.print(", "print("),),
        "console",
        "process 1 prints too: 'epoch 0",
    ),
    Mutant(
        "one process leaves the loop",
        "01_base_loop",
        (("        optimizer.zero_grad()\n", "        if accelerator.process_index:\n            break\n"),),
        "failure",
        "process 1 at step 1: NameError",
    ),
]


def mutated(mutant: Mutant) -> Program:
    program = script(mutant.script).after
    assert program is not None
    for old, new in mutant.changes:
        assert any(old in text for text in program), f"{mutant.script} has changed: {old!r} is not there any more"
        program = program.replace(old, new)
    return program


@pytest.mark.parametrize("mutant", [pytest.param(one, id=one.name) for one in ON_ONE])
def test_it_is_caught_on_one_process(mutant: Mutant, runner: Runner) -> None:
    right = script(mutant.script)
    with pytest.raises(AssertionError, match=f"(?s)likely {mutant.cause}.*{mutant.complaint}"):
        check_one_process(runner, right.before, mutated(mutant), right.facts)


@pytest.mark.parametrize("mutant", [pytest.param(one, id=one.name) for one in ON_TWO])
def test_it_is_caught_on_two_processes(mutant: Mutant, runner: Runner) -> None:
    right = script(mutant.script)
    with pytest.raises(AssertionError, match=f"(?s)likely {mutant.cause}.*{mutant.complaint}"):
        check_two_processes(runner, right.before, mutated(mutant), right.facts)


def test_a_mutant_that_is_wrong_on_two_processes_may_be_right_on_one(runner: Runner) -> None:
    for mutant in ON_TWO[:2]:
        right = script(mutant.script)
        check_one_process(runner, right.before, mutated(mutant), right.facts)


# ---------------------------------------------------------------- its arithmetic

# The gradient of the weight is the mean of the batch, and a sample is its own index.
MEANS = """\
import torch
from torch.utils.data import DataLoader

loader = DataLoader(torch.arange(12.0)[:, None], batch_size=2, shuffle=True)
model = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in loader:
    optimizer.zero_grad()
    model(x).mean().backward()
    optimizer.step()
"""
MEANS_MIGRATED = (
    MEANS.replace("import torch\n", "import torch\nfrom runtime import Accelerator\n", 1)
    .replace(
        "for x",
        "accelerator = Accelerator()\nmodel, optimizer, loader = accelerator.prepare(model, optimizer, loader)\nfor x",
    )
    .replace("model(x).mean().backward()", "accelerator.backward(model(x).mean())")
)


def test_the_gradient_is_the_mean_over_the_processes(runner: Runner) -> None:
    (ranks,) = runner.together(Program.single(MEANS_MIGRATED))
    original = runner.alone(Program.single(MEANS))
    (without_optimizer,) = runner.without_optimizer(Program.single(MEANS), original, [ranks])
    fetches = zip(*(trace.of(Fetch) for trace in ranks), strict=True)
    means = [sum(sum(map(int, fetch.indices)) / len(fetch.indices) for fetch in pair) / 2 for pair in fetches]
    for trace in (*ranks, *without_optimizer):
        assert [step.norm for step in trace.of(Step)] == pytest.approx(means)
    assert len(set(means)) > 1
    findings = together.judge(original[0], ranks, without_optimizer, set())
    assert {finding.outcome for finding in findings} == {Outcome.EQUAL}
    assert {"replicas", "losses", "gradients", "learning rates", "samples"} <= {finding.aspect for finding in findings}


def test_data_parallelism_by_hand_passes(runner: Runner) -> None:
    """A script that does without us, and does everything right, has to please the oracle."""
    right = script("26_ddp_by_hand")
    (alone,) = runner.alone(right.before)
    (ranks,) = runner.together(right.before)
    findings = together.judge(alone, ranks, [alone, alone], set())
    told = {finding.aspect: finding for finding in findings}
    assert told["replicas"].outcome is Outcome.EQUAL
    assert told["samples"].outcome is Outcome.EQUAL
    assert "(2 complete" in told["samples"].told
    assert [len(trace.of(Save)) for trace in ranks] == [1, 0]


# ---------------------------------------------------------------- recording


def test_recording_changes_nothing(runner: Runner, tmp_path: Path) -> None:
    right = script("29_augmentation")
    path = tmp_path / "train.py"
    path.write_text(right.before.text.replace("num_workers=2, persistent_workers=True", "num_workers=0"))
    bare = subprocess.run(
        [sys.executable, str(path)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    (trace,) = runner.alone(right.before)
    assert trace.lines == bare.stdout.splitlines()
