"""Examples: where one sample's result depends on the others."""

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
        Example("a script that trains nothing", INFERENCE),
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
            "from torch import matmul as times\nz = model(x)\nloss = loss + times(z, z.T).mean()",
            reviews="MIG913",
            at="times(z",
            frame=BATCH,
        ),
        Example(
            "features with weights", "loss = loss + (model(x) @ torch.ones(1, 3, device=device)).mean()", frame=BATCH
        ),
        Example("numbers of the script's own", "import numpy as np\na = np.eye(3)\nb = a @ a.T", frame=SETUP),
    ),
    "written-buffer": (
        Example(
            "a bank of keys",
            _BANK.replace("WRITE", "self.keys[:1] = x[:1, :1].detach()"),
            reviews="MIG913",
            at="self.keys[:1] =",
            frame=MODEL,
        ),
        Example(
            "one row of it",
            _BANK.replace("WRITE", "self.keys[0, 0] = 1.0"),
            reviews="MIG913",
            at="self.keys[0, 0] =",
            frame=MODEL,
        ),
        Example("a bank that is read", _BANK.replace("WRITE", "near = self.keys[:1]"), frame=MODEL),
        Example("a list that is no buffer", _BANK.replace("WRITE", "self.seen[0] = 3"), frame=MODEL),
        Example("a table of the script's own", "keys = {}\nkeys[0] = 1", frame=SETUP),
    ),
}
