"""Examples: training in code that was not read."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

_ENGINE = """
import torch
from engines import Engine
from torch.utils.data import DataLoader
from data import dataset

model = torch.nn.Linear(4, 1)
engine = Engine(model)
engine.train(DataLoader(dataset), torch.optim.SGD(model.parameters(), lr=0.1))
"""
_STEPPER = """
import torch
from timm.utils import NativeScaler
from torch.utils.data import DataLoader
from data import dataset

model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = NativeScaler()
for x, y in DataLoader(dataset):
    loss = (model(x) - y).pow(2).mean()
    optimizer.zero_grad()
    scaler(loss, optimizer, parameters=model.parameters())
"""
_TRAINER = """
import torch
from trainer import Trainer

model = torch.nn.Linear(4, 1)
trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.1))
trainer.fit()
"""
_IDLE = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\nprint(optimizer)\n"

EXAMPLES = {
    "unseen-engine": (
        Example("a trainer of a library", _ENGINE, reviews="MIG915", at="engine.train("),
        Example("a trainer's constructor", _TRAINER, reviews="MIG915", at="Trainer("),
        Example("a training step of a library", _STEPPER, reviews="MIG915", at="scaler(loss"),
        Example("a training loop in the script", BATCH.around("")),
        Example("a loop that evaluates", INFERENCE),
        Example("an optimizer that is never stepped", "import torch\n\nmodel = torch.nn.Linear(4, 1)\n" + _IDLE),
    ),
    "import-by-name": (
        Example("a module with a fixed name", "import importlib\n\nlayers = importlib.import_module('torch.nn')\n"),
        Example("a training that imports by name", BATCH.around("import importlib\n\nimportlib.import_module(name)")),
    ),
    "unread-file": (
        Example("a helper whose file was not given", "import helper\n\nhelper.look(x)", frame=BATCH),
        Example("a loop that reads no other file", BATCH.around("")),
    ),
}
