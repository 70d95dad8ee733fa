"""Templates for examples: scripts with a placeholder."""

from __future__ import annotations

from textwrap import indent

from migrator.rules.rule import Frame

_IMPORTS = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset
"""
_IMPORTS_AFTER = _IMPORTS + "from runtime import Accelerator\n"
_DEVICE = """
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""
_DEVICE_AFTER = """
accelerator = Accelerator()
device = accelerator.device
"""
_OBJECTS = """model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset, batch_size=8, shuffle=True)
"""
_PREPARE = "model, optimizer, loader = accelerator.prepare(model, optimizer, loader)\n"


def _flat(where: str, before: str, after: str, setup: str = "") -> Frame:
    """Make a frame of a script without functions, from its loop before and after."""
    return Frame(
        where,
        _IMPORTS + _DEVICE + _OBJECTS + "model.to(device)\n" + setup + before,
        _IMPORTS_AFTER + _DEVICE_AFTER + _OBJECTS + setup + _PREPARE + after,
    )


# `device` is still read afterwards, so that it is kept whatever the example is
_NOISE = "    x = x + torch.randn(8, 4, device=device)\n"
_LOSS = "    loss = nn.functional.mse_loss(model(x), y)\n"
_MOVE = "    x, y = x.to(device), y.to(device)\n"

_LOOP = "for x, y in loader:\n" + _MOVE + _NOISE + "    optimizer.zero_grad()\n" + _LOSS
_LOOP_AFTER = "for x, y in loader:\n" + _NOISE + "    optimizer.zero_grad()\n" + _LOSS
_END = "    loss.backward()\n    optimizer.step()\n"
_END_AFTER = "    accelerator.backward(loss)\n    optimizer.step()\n"
BATCH = _flat(
    "for each batch, before `backward`",
    _LOOP + "    ...\n" + _END,
    _LOOP_AFTER + "    ...\n" + _END_AFTER,
)
STEP = _flat(
    "for each batch, after `step`",
    _LOOP + _END + "    ...\n",
    _LOOP_AFTER + _END_AFTER + "    ...\n",
)
SETUP = _flat("before the loop", _LOOP + _END, _LOOP_AFTER + _END_AFTER, setup="...\n")
EPOCH = _flat(
    "for each epoch, after its batches",
    "for epoch in range(10):\n    total = 0\n" + indent(_LOOP + _END + "    total += loss.item()\n", "    ") + "    ...\n",
    "for epoch in range(10):\n    total = 0\n"
    + indent(_LOOP_AFTER + _END_AFTER + "    total += loss.item()\n", "    ") + "    ...\n",
)  # fmt: skip
_REST = _OBJECTS.partition("\n")[2]
MODEL = Frame(
    "where the model is built",
    _IMPORTS + _DEVICE + "...\n" + _REST + _LOOP + _END,
    _IMPORTS_AFTER + _DEVICE_AFTER + "...\n" + _REST + _PREPARE + _LOOP_AFTER + _END_AFTER,
)
LOSS = Frame(
    "for each batch, in place of `loss.backward()`",
    _IMPORTS + _DEVICE + _OBJECTS + "model.to(device)\n" + _LOOP + "    ...\n    optimizer.step()\n",
    _IMPORTS_AFTER + _DEVICE_AFTER + _OBJECTS + _PREPARE + _LOOP_AFTER + "    ...\n    optimizer.step()\n",
)
MOVES = Frame(
    "at the top of the loop over the batches",
    _IMPORTS + _DEVICE + _OBJECTS + "model.to(device)\nfor x, y in loader:\n    ...\n" + _NOISE
    + "    optimizer.zero_grad()\n" + _LOSS + _END,
    _IMPORTS_AFTER + _DEVICE_AFTER + _OBJECTS + _PREPARE + "for x, y in loader:\n    ...\n" + _NOISE
    + "    optimizer.zero_grad()\n" + _LOSS + _END_AFTER,
)  # fmt: skip
TRAINER = Frame(
    "in a method, before `backward`",
    _IMPORTS
    + """
class Trainer:
    def __init__(self):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = nn.Linear(4, 1).to(self.device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.loader = DataLoader(dataset, batch_size=8, shuffle=True)

    def fit(self):
        for x, y in self.loader:
            x = x.to(self.device) + torch.randn(8, 4, device=self.device)
            self.optimizer.zero_grad()
            loss = nn.functional.mse_loss(self.model(x), y.to(self.device))
            ...
            loss.backward()
            self.optimizer.step()

Trainer().fit()
""",
    _IMPORTS_AFTER
    + """
class Trainer:
    def __init__(self):
        self.accelerator = Accelerator()
        self.device = self.accelerator.device
        self.model = nn.Linear(4, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.loader = DataLoader(dataset, batch_size=8, shuffle=True)
        self.model, self.optimizer, self.loader = self.accelerator.prepare(
            self.model, self.optimizer, self.loader
        )

    def fit(self):
        for x, y in self.loader:
            x = x + torch.randn(8, 4, device=self.device)
            self.optimizer.zero_grad()
            loss = nn.functional.mse_loss(self.model(x), y)
            ...
            self.accelerator.backward(loss)
            self.optimizer.step()

Trainer().fit()
""",
)
