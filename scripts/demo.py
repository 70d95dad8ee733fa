"""Show the tool at work: preview a migration, apply it, train before and after, compare the loss curves.

    python scripts/demo.py [SCRIPT]

Exit code 0 when the migrated script trains as it should: bit for bit as before on one process, and on two as well.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from migrator.report.text import plural

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "fixtures" / "01_base_loop" / "before.py"
MIGRATE = (sys.executable, "-m", "migrator")
PYTHON = (sys.executable,)
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 48
TIMEOUT_S = 300


class Failure(Exception):
    """The demonstration did not show what it should."""


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command on the CPU, with one thread, so that runs can be compared bit by bit."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=TIMEOUT_S, check=False
    )


def migrate(command: Sequence[str], flag: str, expected_code: int, folder: Path) -> None:
    """Run the migrator on train.py, show what it says, and insist on its exit code."""
    print(f"\n$ migrate train.py {flag}", flush=True)
    done = run([*command, "train.py", flag], folder)
    print(done.stdout + done.stderr, end="")
    if done.returncode != expected_code:
        raise Failure(f"migrate {flag} ended with exit code {done.returncode} instead of {expected_code}")
    print(f"(exit code {done.returncode})")


def train(launcher: Sequence[str], folder: Path) -> list[float]:
    """Train train.py and give the loss of every step, averaged over the processes."""
    with tempfile.TemporaryDirectory() as losses:
        done = run([*launcher, str(ROOT / "scripts" / "record.py"), "train.py", losses], folder)
        if done.returncode != 0:
            raise Failure(f"the training failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        ranks = [json.loads(file.read_text()) for file in sorted(Path(losses).iterdir())]
    if len({len(rank) for rank in ranks}) != 1 or not ranks[0]:
        raise Failure(f"the processes took {[len(rank) for rank in ranks]} steps")
    return [math.fsum(step) / len(step) for step in zip(*ranks, strict=True)]


def curve(losses: Sequence[float], width: int, low: float, high: float) -> str:
    """Draw losses as a line of bars; a column is the mean of the steps that fall into it."""
    edges = [column * len(losses) // width for column in range(width + 1)]
    columns = [losses[a : max(b, a + 1)] for a, b in pairwise(edges)]
    scale = (len(BARS) - 1) / ((high - low) or 1.0)
    return "".join(BARS[round((math.fsum(column) / len(column) - low) * scale)] for column in columns)


def show(runs: dict[str, list[float]]) -> None:
    """Draw the curves of all runs on one scale, each from the start of its training to the end."""
    every = [loss for losses in runs.values() for loss in losses]
    width = min(WIDTH, max(map(len, runs.values())))
    print(f"\n{'loss, from start to end':24}{'':{width}} {'first':>8} {'last':>8} {'steps':>6}")
    for name, losses in runs.items():
        bars = curve(losses, width, min(every), max(every))
        print(f"{name:24}{bars} {losses[0]:8.4f} {losses[-1]:8.4f} {len(losses):6}")


def explain(before: list[float], after: list[float], two: list[float]) -> None:
    """Say what to look at, and insist on it."""
    if after != before:
        step = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), "the last")
        raise Failure(f"the migrated script does not repeat the original's losses (first difference: step {step})")
    if not all(map(math.isfinite, two)):
        raise Failure("the losses on two processes are not finite")
    print("\nWhat to look at:")
    print(f"- The first two curves are one: all {len(before)} losses are equal, to the last bit.")
    if len(two) < len(before):
        steps = f"{plural(len(two), 'step')} instead of {len(before)}"
        print(f"- The third goes the same way in {steps}: a step takes a batch on each process,")
        print("  and every sample is still seen once an epoch.")
    else:
        print("- The third takes as many steps: without a DataLoader both processes do the same work.")


def demonstrate(script: Path, migrator: Sequence[str]) -> None:
    """Migrate a copy of ``script``, then train the original on one process and the copy on one and on two.

    Raises:  Failure when one of the steps does not end as it should.
    """
    with tempfile.TemporaryDirectory(prefix="migrate-demo-") as scratch:
        original, migrated = (Path(scratch) / name for name in ("original", "migrated"))
        for folder in (original, migrated):
            folder.mkdir()
            shutil.copyfile(script, folder / "train.py")
        migrate(migrator, "--diff", 1, migrated)
        migrate(migrator, "--write", 0, migrated)
        print("\nTraining the original, then the migrated script on one process and on two ...", flush=True)
        before = train(PYTHON, original)
        after = train(PYTHON, migrated)
        two = train(TORCHRUN, migrated)
    show({"original, 1 process": before, "migrated, 1 process": after, "migrated, 2 processes": two})
    explain(before, after, two)


def main(arguments: Sequence[str], migrator: Sequence[str] = MIGRATE) -> int:
    """Run the demonstration on a script of the user's, or on ours."""
    try:
        demonstrate(Path(arguments[0]) if arguments else SCRIPT, migrator)
    except Failure as failure:
        print(f"\nThe demonstration failed: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
