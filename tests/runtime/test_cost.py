"""What the runtime adds: modules at import, and function calls in a training step."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, TensorDataset

from runtime import Accelerator
from tests.runtime.processes import ROOT

MODULES = """
import sys, torch, torch.utils.data
before = set(sys.modules)
import runtime
print(*sorted(set(sys.modules) - before))
"""


def test_importing_it_imports_little_beside_torch() -> None:
    done = subprocess.run([sys.executable, "-c", MODULES], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert len(modules) <= 40, modules
    assert all(module.split(".")[0] == "runtime" for module in modules), modules


def _calls(loop: Callable[[], int]) -> float:
    """Count Python and C calls in a step, which do not depend on how busy the machine is."""
    count = [0]

    def note(frame: Any, event: str, argument: Any) -> None:
        count[0] += event in ("call", "c_call")

    loop()
    sys.setprofile(note)
    try:
        steps = loop()
    finally:
        sys.setprofile(None)
    return count[0] / steps


def _objects() -> tuple[nn.Module, torch.optim.Optimizer, DataLoader[Any]]:
    model = nn.Linear(4, 1)
    data = TensorDataset(torch.randn(400, 4), torch.randn(400, 1))
    return model, torch.optim.SGD(model.parameters(), lr=0.1), DataLoader(data, batch_size=4)


def _by_hand() -> Callable[[], int]:
    model, optimizer, loader = _objects()

    def loop() -> int:
        for x, y in loader:
            optimizer.zero_grad()
            mse_loss(model(x), y).backward()
            optimizer.step()
        return len(loader)

    return loop


def _prepared(accumulate: bool = False) -> Callable[[], int]:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2 if accumulate else None)
    model, optimizer, loader = accelerator.prepare(*_objects())

    def loop() -> int:
        for x, y in loader:
            with accelerator.accumulate(model) if accumulate else accelerator.autocast():
                optimizer.zero_grad()
                accelerator.backward(mse_loss(model(x), y))
                optimizer.step()
        return len(loader)

    return loop


@pytest.mark.parametrize(("name", "options", "limit"), [("plain", {}, 16), ("accumulated", {"accumulate": True}, 25)])
def test_a_step_makes_few_calls_more_than_one_by_hand(name: str, options: dict[str, bool], limit: int) -> None:
    assert _calls(_prepared(**options)) - _calls(_by_hand()) <= limit
