"""Results as a verification finds them: an equal one, a different one with its cause, one that could not be judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from migrator.verify.result import Cause, Finding, Hunk, Outcome, Result, Run, StepRow, Verdict

COMMANDS = (
    "python train.py --epochs 3",
    "python train.py --epochs 3",
    "torchrun --standalone --nproc_per_node 2 train.py --epochs 3",
)
NAMES = ("original", "migrated", "migrated, 2 processes")
ALONE = "same numbers on one process"
TOGETHER = "right numbers on 2 processes"
SAMPLES = "a step trains on 2 batches of this loader, so an epoch has half as many steps"
NOTES = (
    "used in place, not copied: data",
    "fixed in all runs: the seed of every random stream, one thread, deterministic algorithms",
)
VERSIONS = (("Python", "3.11.7"), ("torch", "2.13.0"), ("migrate", "0.9.0"))
HUNKS = (
    Hunk(
        "train.py",
        (
            "@@ -3,6 +3,7 @@",
            " import torch",
            " from torch import nn",
            " from torch.utils.data import DataLoader, TensorDataset",
            "+from runtime import Accelerator",
            " ",
            " torch.manual_seed(7)",
            " epochs = 6",
        ),
        (("MIG001", "Make the Accelerator: `accelerator = Accelerator()`"),),
    ),
    Hunk(
        "train.py",
        (
            "@@ -16,14 +17,17 @@",
            " loader = DataLoader(TensorDataset(points, moons), batch_size=batch_size, shuffle=True, num_workers=0, drop_last=False)",
            " ",
            '-device = "cuda" if torch.cuda.is_available() else "cpu"',
            "+accelerator = Accelerator()",
            " model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))",
            "-model.to(device)",
            " scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)",
            "+model, optimizer, loader, scheduler = accelerator.prepare(",
            "+    model, optimizer, loader, scheduler",
            "+)",
            " for epoch in range(epochs):",
            "     for inputs, targets in loader:",
            "-        loss.backward()",
            "+        accelerator.backward(loss)",
        ),
        (
            ("MIG101", 'Replace `"cuda" if torch.cuda.is_available() else "cpu"` with `accelerator.device`'),
            ("MIG102", "Remove `model.to(device)`: `prepare` places this model"),
            ("MIG201", "Pass `model`, `optimizer`, `loader`, `scheduler` through `accelerator.prepare`"),
            ("MIG301", "Replace `loss.backward()` with `accelerator.backward(loss)`"),
        ),
    ),
)


def losses(steps: int, scale: float = 1.0) -> tuple[float, ...]:
    """Give a loss curve as training makes them: falling, with some noise, always the same."""
    return tuple(
        scale * (0.08 + 0.62 * math.exp(-4 * step / steps) + 0.05 * math.sin(step * 2.3) * math.exp(-2 * step / steps))
        for step in range(steps)
    )


def run(number: int, found: Sequence[float], **other: object) -> Run:
    """Make a run that finished."""
    made = Run(NAMES[number], COMMANDS[number], (3.25, 3.41, 6.02)[number], tuple(found), len(found), "finished")
    return replace(made, **other)  # type: ignore[arg-type]


def rows(runs: Sequence[Run], rates: Sequence[float] = (0.5, 0.5, 0.5)) -> tuple[StepRow, ...]:
    """Make the table of steps that belongs to the runs."""
    longest = max((len(one.losses) for one in runs), default=0)
    return tuple(
        StepRow(
            step + 1,
            tuple(one.losses[step] if step < len(one.losses) else None for one in runs),
            tuple(one.losses[step] * 1.7 if step < len(one.losses) else None for one in runs),
            tuple((rate,) if step < len(one.losses) else None for one, rate in zip(runs, rates, strict=False)),
        )
        for step in range(longest)
    )


def _good(promise: str, title: str, aspects: str, summary: str, **other: object) -> Verdict:
    findings = tuple(Finding(aspect, Outcome.EQUAL, "All are equal") for aspect in aspects.split(", "))
    return replace(Verdict(promise, title, Outcome.EQUAL, summary, findings), **other)  # type: ignore[arg-type]


def _result(verdicts: Sequence[Verdict], runs: Sequence[Run], **other: object) -> Result:
    made = Result(
        "train.py --epochs 3", "runtime", 2, "cpu", tuple(verdicts), tuple(runs), rows(runs), HUNKS, NOTES, VERSIONS
    )
    return replace(made, **other)  # type: ignore[arg-type]


def equal(steps: int = 24) -> Result:
    """All is as it was."""
    alone = _good(
        "P1", ALONE, "losses, gradients, learning rates, parameters", f"all {steps} losses are equal to the last bit"
    )
    together = _good(
        "P2",
        TOGETHER,
        "replicas, samples, console, files",
        "the replicas agree after every step, and every sample is seen once an epoch",
        differences=(SAMPLES,),
    )
    found = losses(steps)
    return _result((alone, together), (run(0, found), run(1, found), run(2, losses(steps // 2))))


def different(steps: int = 24) -> Result:
    """The migrated scheduler is stepped twice as often on two processes, and on one a loss has another last bit."""
    found = losses(steps)
    other = (*found[:7], *(loss * (1 + 1e-7 * (step + 1)) for step, loss in enumerate(found[7:])))
    alone = Verdict(
        "P1",
        ALONE,
        Outcome.DIFFERENT,
        f"losses: {found[7]:.9g} became {other[7]:.9g} at step 8",
        (
            Finding("losses", Outcome.DIFFERENT, f"original {found[7]!r}, migrated {other[7]!r}", 8, "train.py:27"),
            Finding("gradients", Outcome.DIFFERENT, "original 0.3271, migrated 0.3272", 8, "train.py:28"),
            Finding("learning rates", Outcome.EQUAL, f"All {steps} are equal"),
            Finding("random streams", Outcome.UNKNOWN, "The original draws from a generator that cannot be read"),
        ),
        Cause(
            "order of the batch's move",
            "The batches are the same, and the first loss that differs comes right after `accelerator.backward`.",
            "MIG301",
            "train.py:27",
            "Replace `loss.backward()` with `accelerator.backward(loss)`",
        ),
    )
    together = Verdict(
        "P2",
        TOGETHER,
        Outcome.DIFFERENT,
        "the learning rate falls twice as fast as in the original",
        (
            Finding("replicas", Outcome.EQUAL, "Equal after every step"),
            Finding(
                "learning rates", Outcome.DIFFERENT, "0.25 after epoch 1 in the original, 0.0625 here", 4, "train.py:30"
            ),
        ),
        Cause(
            "scheduler cadence",
            "`scheduler` is stepped once an epoch, and a prepared scheduler steps once for each process.",
            "MIG201",
            "train.py:22",
            "Pass `model`, `optimizer`, `loader`, `scheduler` through `accelerator.prepare`",
        ),
        (SAMPLES, "BatchNorm sees 16 samples a process where the original saw 32"),
    )
    return _result((alone, together), (run(0, found), run(1, other), run(2, losses(steps // 2, 1.3))))


ERROR = """\
Traceback (most recent call last):
  File "train.py", line 12, in <module>
    points = torch.load("data/points.pt")
FileNotFoundError: [Errno 2] No such file or directory: 'data/points.pt'
"""
STACKS = """\
process 0, thread MainThread
  File "train.py", line 31, in <module>
    accelerator.backward(loss)
process 1, thread MainThread
  File "train.py", line 40, in <module>
    accelerator.wait_for_everyone()
"""


def unverified() -> Result:
    """The original fails by itself, and the migrated program was cut on two processes."""
    reason = "The original fails by itself, before its first step: FileNotFoundError."
    cut = "Two processes came to no end within 60 s."
    verdicts = (
        Verdict("P1", ALONE, Outcome.UNKNOWN, reason, (Finding("losses", Outcome.UNKNOWN, "The original has none"),)),
        Verdict("P2", TOGETHER, Outcome.UNKNOWN, cut),
    )
    runs = (
        run(0, (), ended="failed", error=ERROR),
        run(1, (), ended="not run", seconds=0.0),
        run(2, (), ended="cut after 60 s", seconds=60.0, error="ended without a word", stacks=STACKS),
    )
    return _result(verdicts, runs)


HOSTILE = "<script>alert(1)</script><img src=http://example.org/x.png>\"'& \x1b[31mred\x1b[0m \x07\u202e\udcff"


def hostile() -> Result:
    """Every text is an attack, and no number is finite."""
    bad = (math.nan, math.inf, -math.inf, 0.5, math.nan, 1e305, -0.0, 5e-324)
    one = Run(HOSTILE, HOSTILE, math.inf, bad, 3, HOSTILE, HOSTILE, HOSTILE)
    two = replace(one, losses=bad[::-1])
    verdict = Verdict(
        HOSTILE,
        HOSTILE,
        Outcome.DIFFERENT,
        HOSTILE,
        (Finding(HOSTILE, Outcome.UNKNOWN, HOSTILE, 1, HOSTILE),),
        Cause(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        (HOSTILE,),
    )
    hunk = Hunk(HOSTILE, ("@@ -1 +1 @@", f"-{HOSTILE}", f"+{HOSTILE * 20}"), ((HOSTILE, HOSTILE),))
    runs = (one, two, replace(one, losses=()))
    return Result(
        HOSTILE, HOSTILE, 2, HOSTILE, (verdict, verdict), runs, rows(runs), (hunk,), (HOSTILE,), ((HOSTILE, HOSTILE),)
    )


def long(steps: int = 5000) -> Result:
    """Thousands of steps over eight powers of ten, at last no number."""
    falling = tuple(1e3 * math.exp(-step / steps * 18) * (1.2 + math.sin(step)) for step in range(steps))
    broken = (*falling[: steps // 2], *(math.nan,) * (steps // 2))
    worse = replace(
        equal().verdicts[0], outcome=Outcome.DIFFERENT, summary=f"the losses are nan from step {steps // 2 + 1} on"
    )
    return _result((worse, equal().verdicts[1]), (run(0, falling), run(1, broken), run(2, falling[: steps // 2 : 2])))


ALL = {made.__name__: made for made in (equal, different, unverified, hostile, long)}
