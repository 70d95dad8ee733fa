"""Examples: device names."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP, STEP
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

_OPTIONS = """
import argparse
import torch
from torch import nn
from data import dataset

parser = argparse.ArgumentParser()
parser.add_argument("--gpu", default="cuda")
args = parser.parse_args()
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in torch.utils.data.DataLoader(dataset):
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
"""

EXAMPLES = {
    "device-compare": (
        Example(
            "with another device",
            'if device == torch.device("cuda"):\n    torch.cuda.empty_cache()',
            'if device.type == "cuda":\n    torch.cuda.empty_cache()',
            frame=STEP,
        ),
        Example(
            "as text, with an index",
            'pinned = str(device) == "cuda:0"  # for the loader',
            'pinned = device.type == "cuda"  # for the loader',
            frame=SETUP,
        ),
        Example(
            "the other way round, under another name",
            'import torch as t\nslow = t.device("cuda:0") != device',
            'import torch as t\nslow = "cuda" != device.type',
            frame=SETUP,
        ),
        Example("by its type", 'fast = device.type == "cuda"', frame=SETUP),
        Example("with the CPU", 'slow = device == torch.device("cpu")', frame=SETUP),
        Example("with a tensor's device", "moved = x.device == device", frame=STEP),
        Example("a word that is compared", 'word = "cuda"\nif word == "cuda":\n    pass', frame=BATCH),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "device-option": (
        Example("an option that nothing reads", _OPTIONS, reviews="MIG707", at="--gpu"),
        Example(
            "the same with an index",
            _OPTIONS.replace('default="cuda"', 'default="cuda:1"'),
            reviews="MIG707",
            at="--gpu",
        ),
        Example("an option for something else", _OPTIONS.replace('"--gpu", default="cuda"', '"--lr", default=0.1')),
        Example("an option that names the CPU", _OPTIONS.replace('default="cuda"', 'default="cpu"')),
    ),
}
