"""What an Accelerator costs over a loop written by hand: function calls in a step, CPU time, imported modules.

    python benchmarks/runtime.py [--rounds 9] [--steps 200]

The loops by hand, on the `accelerate` package and on `runtime` take turns in one process, round by round, so that a
busy machine hits all alike; medians over the rounds. Calls do not depend on the machine. The model is small, so that
what is around it shows. Trains on the GPU where there is one, and then counts wall time too. Lightning's Fabric takes
part where it is installed.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, TensorDataset

ACCUMULATED = 4
CASES = ("loop", "step", "accum", "clip")
Loop = Callable[[], None]


class ByHand:
    """The plain script's own means."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def prepare(self, model: nn.Module, optimizer: Any, loader: Any) -> tuple[Any, Any, Any]:
        """Move the model."""
        return model.to(self.device), optimizer, loader

    def backward(self, loss: torch.Tensor) -> None:
        """Compute gradients."""
        loss.backward()

    clip_grad_norm_ = staticmethod(nn.utils.clip_grad_norm_)


def _accelerator(module: str, device: torch.device, steps: int) -> Any:
    library = importlib.import_module(module)
    return library.Accelerator(cpu=device.type == "cpu", gradient_accumulation_steps=steps)


class ByFabric:
    """Lightning's Fabric under the same names."""

    def __init__(self, device: torch.device, steps: int) -> None:
        from lightning.fabric import Fabric

        self.fabric = Fabric(accelerator="gpu" if device.type == "cuda" else "cpu", devices=1)
        self.device = device
        self.backward = self.fabric.backward

    def prepare(self, model: nn.Module, optimizer: Any, loader: Any) -> tuple[Any, Any, Any]:
        """Set everything up."""
        return (*self.fabric.setup(model, optimizer), self.fabric.setup_dataloaders(loader))

    clip_grad_norm_ = staticmethod(nn.utils.clip_grad_norm_)


def _contenders() -> dict[str, Callable[[torch.device, int], Any]]:
    found: dict[str, Callable[[torch.device, int], Any]] = {"by hand": lambda device, _: ByHand(device)}
    for module in ("accelerate", "runtime"):
        if importlib.util.find_spec(module):
            found[module] = functools.partial(_accelerator, module)
    if importlib.util.find_spec("lightning"):
        found["fabric"] = ByFabric
    return found


def _loop(case: str, accelerator: Any, steps: int) -> Loop:
    """Make the loop of a case; the same source for all, but where a script by hand has to do more."""
    torch.manual_seed(0)
    model: Any = nn.Linear(32, 32)
    data = TensorDataset(torch.randn(8 * steps, 32), torch.randn(8 * steps, 32))
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=1e-3)
    model, optimizer, loader = accelerator.prepare(model, optimizer, DataLoader(data, batch_size=8))
    device = accelerator.device
    fixed = torch.randn(8, 32, device=device), torch.randn(8, 32, device=device)
    batches = loader if case in ("loop", "accum") else [fixed] * steps
    accumulates = hasattr(accelerator, "accumulate")
    moves = isinstance(accelerator, ByHand) and device.type != "cpu"

    def run() -> None:
        for x, y in batches:
            if moves:
                x, y = x.to(device), y.to(device)  # noqa: PLW2901
            optimizer.zero_grad()
            accelerator.backward(mse_loss(model(x), y))
            if case == "clip":
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    def accumulate() -> None:
        for index, (x, y) in enumerate(batches):
            if moves:
                x, y = x.to(device), y.to(device)  # noqa: PLW2901
            with accelerator.accumulate(model) if accumulates else nullcontext():
                loss = mse_loss(model(x), y)
                accelerator.backward(loss if accumulates else loss / ACCUMULATED)
                if accumulates or (index + 1) % ACCUMULATED == 0 or index + 1 == steps:
                    optimizer.step()
                    optimizer.zero_grad()

    return accumulate if case == "accum" else run


def _calls(loop: Loop, steps: int) -> float:
    count = [0]

    def note(frame: Any, event: str, argument: Any) -> None:
        count[0] += event in ("call", "c_call")

    loop()
    sys.setprofile(note)
    try:
        loop()
    finally:
        sys.setprofile(None)
    return count[0] / steps


def _microseconds(loop: Loop, steps: int, device: torch.device) -> float:
    """Take the CPU time of a step; on a GPU the wall time, with what it waits for."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    began = clock()
    loop()
    if device.type != "cpu":
        torch.accelerator.synchronize()
    return (clock() - began) / steps * 1e6


def _modules(module: str) -> int:
    """Count what an import brings in beside torch."""
    code = f"import sys, torch, torch.utils.data; n = len(sys.modules); import {module}; print(len(sys.modules) - n)"
    command = [sys.executable, "-c", code]
    root = Path(__file__).parents[1]
    return int(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout)


def _measure(case: str, device: torch.device, steps: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Return calls and microseconds of a step over those by hand."""
    group = ACCUMULATED if case == "accum" else 1
    loops: dict[str, Loop] = {}
    for name, make in _contenders().items():
        _forget(name)
        loops[name] = _loop(case, make(device, group), steps)
        loops[name]()
    calls = {name: _calls(loop, steps) for name, loop in loops.items()}
    times: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(rounds):
        names = list(loops)[turn % len(loops) :] + list(loops)[: turn % len(loops)]
        for name in names:
            times[name].append(_microseconds(loops[name], steps, device))
    raw = times["by hand"]
    return {
        name: (
            calls[name] - calls["by hand"],
            statistics.median(mine - theirs for mine, theirs in zip(times[name], raw, strict=True)),
        )
        for name in loops
    }


def _forget(name: str) -> None:
    """Let the next Accelerator of this process have settings of its own."""
    if name in ("accelerate", "runtime"):
        state = importlib.import_module(f"{name}.state")
        state.AcceleratorState._reset_state(True)
        state.GradientState._reset_state()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=200)
    chosen = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(1)
    print(f"torch {torch.__version__} on {device.type}, {chosen.steps} steps x {chosen.rounds} rounds")
    for name in [name for name in _contenders() if name in ("accelerate", "runtime")]:
        print(f"{name}: {_modules(name)} modules imported beside torch")
    print(f"{'case':6} {'':10} {'calls over by hand':>18} {'us over by hand':>15} {'of accelerate':>13}")
    for case in CASES:
        found = _measure(case, device, chosen.steps, chosen.rounds)
        for name, (calls, over) in found.items():
            if name != "by hand":
                share = f"{over / found['accelerate'][1]:.2f}" if "accelerate" in found else ""
                print(f"{case:6} {name:10} {calls:18.1f} {over:15.1f} {share:>13}")


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # else this file is what `import runtime` finds
    main()
