"""What recording costs a training: the time of a step with the recorder's hooks over that of one without.

    python benchmarks/verify.py [--rounds 9] [--check]

Two processes have the same loop, one of them recorded; they take turns, so that a busy machine hits both alike. A figure
is the median of the rounds' ratios. A loop draws random numbers in every step, so that their states are new each time,
and its optimizer is the cheapest there is. Trains on the GPU where there is one, and then counts wall time, with what it
waits for; else CPU time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

BAR = 1.2  # what a recorded step may take, of one that is not
STEP_S = 0.01  # of a step that is not, at least


@dataclass(frozen=True)
class Case:
    """A model of equal layers, and what it is trained on."""

    width: int
    layers: int
    batch: int  # made larger until a step takes long enough
    steps: int  # of a round

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return self.layers * (self.width + 1) * self.width


CASES = (
    Case(width=140, layers=50, batch=16, steps=20),  # 1 million in 100 tensors
    Case(width=2000, layers=25, batch=64, steps=2),  # 100 million in 50
)
Round = Callable[[int], float]


def _put_hooks(folder: Path) -> None:
    from migrator.verify.recorder.options import Options
    from migrator.verify.recorder.run import put_hooks

    root = str(Path(__file__).parent)  # the loop's own lines are found, as a script's are
    put_hooks(Options(script=__file__, arguments=(), root=root, project=root, trace=str(folder / "trace")))


def _loop(case: Case, device: Any) -> Round:
    """Make a loop; it takes the size of a batch, and gives the seconds of a step."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    layers = [nn.Sequential(nn.Linear(case.width, case.width), nn.Tanh()) for _ in range(case.layers)]
    model = nn.Sequential(nn.Dropout(0.1), *layers).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    clock = time.process_time if device.type == "cpu" else time.perf_counter

    def run(batch: int) -> float:
        data = TensorDataset(torch.randn(batch * case.steps, case.width))
        loader = DataLoader(data, batch_size=batch, shuffle=True)
        began = clock()
        for (rows,) in loader:
            optimizer.zero_grad()
            loss = model(rows.to(device)).square().mean()
            loss.backward()
            optimizer.step()
        if device.type != "cpu":
            torch.accelerator.synchronize()
        return (clock() - began) / case.steps

    return run


def _serve(connection: Connection, case: Case, threads: int, folder: Path | None) -> None:
    """Run rounds on demand; recorded, where there is a folder for the trace."""
    import torch

    from migrator.verify.recorder.run import make_deterministic

    torch.set_num_threads(threads)
    make_deterministic()
    if folder:
        _put_hooks(folder)
    run = _loop(case, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    while batch := connection.recv():
        connection.send(run(batch))


class Trainee:
    """A process that trains when it is asked to."""

    def __init__(self, case: Case, threads: int, folder: Path | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, case, threads, folder))
        self._process.start()
        theirs.close()  # else we would wait for a process that is gone

    def step_s(self, batch: int) -> float:
        """Run a round, and give the seconds of a step."""
        self._connection.send(batch)
        seconds: float = self._connection.recv()
        return seconds

    def end(self) -> None:
        """Let it end."""
        self._connection.send(0)
        self._process.join()


def measure(case: Case, rounds: int, threads: int) -> tuple[int, float, float]:
    """Give the size of the batch, the seconds of a step that is not recorded, and what a recorded one takes of it."""
    with tempfile.TemporaryDirectory() as folder:
        raw, recorded = (Trainee(case, threads, where) for where in (None, Path(folder)))
        batch = case.batch
        raw.step_s(batch)
        while (taken := min(raw.step_s(batch) for _ in range(3))) < STEP_S:  # a busy machine makes it seem longer
            batch = ceil(batch * min(2, 1.1 * STEP_S / taken))
        recorded.step_s(batch)
        seconds: list[float] = []
        ratios: list[float] = []
        for turn in range(rounds):
            pair = (raw, recorded) if turn % 2 else (recorded, raw)
            found = {one: one.step_s(batch) for one in pair}
            seconds.append(found[raw])
            ratios.append(found[recorded] / found[raw])
        raw.end()
        recorded.end()
    return batch, statistics.median(seconds), statistics.median(ratios)


def main() -> int:
    """Print the figures; with --check, fail where one passes the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--largest", type=int, default=sys.maxsize, help="leave out models of more parameters")
    parser.add_argument("--check", action="store_true", help=f"exit with 1 where a recorded step takes more than {BAR}")
    chosen = parser.parse_args()
    print(f"{'parameters':>11} {'tensors':>7} {'batch':>6} {'ms a step':>10} {'recorded':>9}")
    passed = True
    for case in CASES:
        if case.parameters <= chosen.largest:
            batch, seconds, ratio = measure(case, chosen.rounds, chosen.threads)
            print(
                f"{case.parameters:11,} {2 * case.layers:7} {batch:6} {seconds * 1000:10.1f} {ratio:8.2f}x", flush=True
            )
            passed = passed and ratio <= BAR
    return 1 if chosen.check and not passed else 0


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    sys.exit(main())
