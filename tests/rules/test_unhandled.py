"""What no rule changes is told of at its place, although something of the program's own bears the name."""

from __future__ import annotations

import pytest

from migrator.config import Settings
from migrator.project import pipeline

LOOP = """
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Linear(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
STAND_IN = (
    """
import torch
from torch import nn
from data import loader

try:
    from torch.cuda.amp import GradScaler
except ImportError:
    class GradScaler:
        def scale(self, loss):
            return loss

        def unscale_(self, optimizer):
            pass

        def step(self, optimizer):
            optimizer.step()

        def update(self):
            pass
"""
    + LOOP
    + """
scaler = GradScaler()
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
"""
)
OWN_WRAPPER = (
    """
import torch
from torch import nn
from data import loader


def DataParallel(module, sizes=None):
    if sizes is None:
        return torch.nn.DataParallel(module)
    return Uneven(module, sizes)


class Uneven(nn.Module):
    def __init__(self, module, sizes):
        super().__init__()
        self.module, self.sizes = module, sizes

    def forward(self, x):
        return self.module(x)
"""
    + LOOP
    + """
model = DataParallel(model, [4, 4]).to(device)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x.to(device)), y.to(device)).backward()
    optimizer.step()
"""
)


@pytest.mark.parametrize(
    ("script", "code", "place"),
    [
        pytest.param(
            STAND_IN, "MIG303", "scaler = GradScaler()", id="a class stands in for a scaler that is not installed"
        ),
        pytest.param(OWN_WRAPPER, "MIG402", "model = DataParallel", id="a function wraps, under the name of torch's"),
    ],
)
def test_it_is_told_at_its_place(script: str, code: str, place: str) -> None:
    line = next(number for number, text in enumerate(script.splitlines(), 1) if text.strip().startswith(place))
    report = pipeline.run_text(script, "train.py", Settings())
    found = [(item.code, item.line) for file in report.files for item in file.items]
    assert (code, line) in found
