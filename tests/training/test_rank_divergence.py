"""What may differ between processes, and where it gets to."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from migrator.inference.program import Program
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.text import make_source
from migrator.training.rank_divergence import Origin
from migrator.training.training import analyse

FRAME = """
import random, time
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

class Meter:
    def __init__(self):
        self.sum = 0

    def update(self, value):
        self.sum += value

    def mean(self):
        return self.sum / 3

def double(value):
    return 2 * value

SEED
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
val_loader = DataLoader(dataset)
total, best, meter, other = 0.0, 9.0, Meter(), Meter()
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
        meter.update(loss.item())
    val = 0.0
    for x, y in val_loader:
        val += nn.functional.mse_loss(model(x), y).item()
        other.update(val)
    PART
"""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    part: str  # the condition of its last `if` is what is asked about
    origins: frozenset[Origin]
    seed: str = "pass"


SHARE, PARTLY, CLOCK, CHANCE = (frozenset({origin}) for origin in Origin)
NOTHING: frozenset[Origin] = frozenset()
CASES = [
    Case("a sum over the training batches", "if total > 1: pass", SHARE),
    Case("a sum over the batches of a loader that is not prepared", "if val > 1: pass", NOTHING),
    Case("what is computed from a sum", "mean = total / 3\n    if mean > 1: pass", SHARE),
    Case("a variable that is bound anew", "total = val\n    if total > 1: pass", NOTHING),
    Case("a variable that is bound anew on one path only", "if epoch: total = val\n    if total > 1: pass", SHARE),
    Case("what a function makes of a number", "if double(total) > 1: pass", SHARE),
    Case("a count under a condition that differs", "bad = 0\n    if total > 1: bad += 1\n    if bad: pass", SHARE),
    Case("a number that went into an object", "if meter.sum > 1: pass", SHARE),
    Case("a number that went into another object of its class", "if other.sum > 1: pass", NOTHING),
    Case("what a method makes of it", "if meter.mean() > 1: pass", SHARE),
    Case("what the same method of the other makes", "if other.mean() > 1: pass", NOTHING),
    Case("an entry of a dictionary", "log = {}\n    log['a'] = total\n    if log['a'] > 1: pass", SHARE),
    Case("another entry of it", "log = {}\n    log['a'] = total\n    if log['b'] > 1: pass", NOTHING),
    Case("the length of a batch", "n = len(x)\n    if n > 1: pass", NOTHING),
    Case("the shape of a batch", "if x.size(0) > 1: pass", NOTHING),
    Case("an entry of the shape of a batch", "if x.shape[0] * 2 > 1: pass", NOTHING),
    Case("what is computed from the length of a batch", "n = len(x)\n    if 2 * n + 1 > 1: pass", NOTHING),
    Case("a batch that is drawn by hand", "a, b = next(iter(loader))\n    if a.mean() > 1: pass", SHARE),
    Case("the number of the epoch", "if epoch > 1: pass", NOTHING),
    Case("the clock", "start = time.time()\n    if time.time() - start > 1: pass", CLOCK),
    Case("the clock and the batches", "if time.time() > total: pass", CLOCK | SHARE),
    Case("a random number", "if random.random() < 0.5: pass", CHANCE),
    Case("a random number of another library", "if np.random.rand() < 0.5: pass", CHANCE),
    Case("a random number that a seed settles", "if random.random() < 0.5: pass", NOTHING, "random.seed(1)"),
    Case("a parameter of the model, which all share", "if model.weight.norm() > 1: pass", NOTHING),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_where_a_condition_comes_from(case: Case) -> None:
    text = FRAME.replace("SEED", case.seed).replace("PART", case.part)
    module = Module(make_source("train.py", text))
    training = analyse(Program(module, lambda path: None, {}))
    last = module.nodes(s.If)[-1]
    assert training.divergence.of(last.test) == case.origins


def test_a_program_that_trains_nothing_shares_nothing() -> None:
    text = FRAME.replace("loss.backward()", "print(loss)").replace("optimizer.step()", "pass")
    module = Module(make_source("run.py", text.replace("SEED", "pass").replace("PART", "if total > 1: pass")))
    training = analyse(Program(module, lambda path: None, {}))
    assert training.divergence.of(module.nodes(s.If)[-1].test) == NOTHING
