"""Examples: computations over several samples."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, MODEL, SETUP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

_BANK = """
class Bank(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)
        self.register_buffer("keys", torch.zeros(8, 1))
        self.seen = [0]

    def forward(self, x):
        WRITE
        return self.layer(x)

model = Bank()
"""
_RECURRENT = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRU(4, 4)

    def forward(self, x, state):
        return self.cell(x, state)

model = Net().cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
state = torch.zeros(1, 8, 4).cuda()
for x, y in DataLoader(dataset, batch_size=8):
    BEFORE
    optimizer.zero_grad()
    output, state = model(x.cuda(), state)
    nn.functional.mse_loss(output, y.cuda()).backward()
    optimizer.step()
"""


def _recurrent(before: str = "pass", forward: str = "output, state = model(x.cuda(), state)") -> str:
    return _RECURRENT.replace("BEFORE", before).replace("output, state = model(x.cuda(), state)", forward)


EXAMPLES = {
    "batch-norm": (
        Example(
            "in a sequence",
            "model = nn.Sequential(nn.Linear(4, 1), nn.BatchNorm1d(1))",
            reviews="MIG209",
            at="BatchNorm1d",
            frame=MODEL,
        ),
        Example(
            "under another name",
            "from torch.nn import BatchNorm2d as Norm\nmodel = nn.Sequential(nn.Linear(4, 1), Norm(1))",
            reviews="MIG209",
            at="Norm(1)",
            frame=MODEL,
        ),
        Example("a norm of each sample", "model = nn.Sequential(nn.Linear(4, 1), nn.LayerNorm(1))", frame=MODEL),
        Example("a class of that name", "class BatchNorm2d:\n    pass\n\nBatchNorm2d()", frame=SETUP),
        Example("a script without training", INFERENCE),
    ),
    "contrast": (
        Example(
            "features with features",
            "z = model(x)\nloss = loss + (z @ z.t()).mean()",
            reviews="MIG913",
            at="z @ z.t()",
            frame=BATCH,
        ),
        Example(
            "the same as a function, under another name",
            "from torch import matmul as times\nz = model(x)\nloss = loss + times(z, z.t().contiguous()).mean()",
            reviews="MIG913",
            at="times(z",
            frame=BATCH,
        ),
        Example(
            "features with weights", "loss = loss + (model(x) @ torch.ones(1, 3, device=device)).mean()", frame=BATCH
        ),
        Example("random numbers", "import numpy as np\na = np.eye(3)\nb = a @ a.T", frame=SETUP),
    ),
    "carried-state": (
        Example("a state that is used for the next batch", _recurrent(), reviews="MIG913", at="model(x.cuda(), state)"),
        Example(
            "a state that is detached",
            _recurrent("state = state.detach()"),
            reviews="MIG913",
            at="model(x.cuda(), state)",
        ),
        Example("a state that is reset for each batch", _recurrent("state = torch.zeros(1, 8, 4).cuda()")),
        Example("a state that is not kept", _recurrent(forward="output, last = model(x.cuda(), state)")),
        Example("a model without a state", BATCH.around("")),
    ),
    "written-buffer": (
        Example(
            "a queue of keys",
            _BANK.replace("WRITE", "self.keys[:1] = x[:1, :1].detach()"),
            reviews="MIG913",
            at="self.keys[:1] =",
            frame=MODEL,
        ),
        Example(
            "one row of a queue",
            _BANK.replace("WRITE", "self.keys[0, 0] = 1.0"),
            reviews="MIG913",
            at="self.keys[0, 0] =",
            frame=MODEL,
        ),
        Example("a queue that is only read", _BANK.replace("WRITE", "near = self.keys[:1]"), frame=MODEL),
        Example("a list that is no buffer", _BANK.replace("WRITE", "self.seen[0] = 3"), frame=MODEL),
        Example("a table of the script", "keys = {}\nkeys[0] = 1", frame=SETUP),
    ),
}
