"""Examples: metrics of one process."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, STEP, TRAINER
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

_COUNTED = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 3).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
right, seen, rows = 0, 0, []
for x, y in loader:
    optimizer.zero_grad()
    output = model(x.cuda())
    loss = nn.functional.cross_entropy(output, y.cuda())
    loss.backward()
    optimizer.step()
    PART
"""


def _counted(part: str, end: str = "") -> str:
    return _COUNTED.replace("PART", part) + end


EXAMPLES = {
    "per-example-metric": (
        Example(
            "a comparison",
            _counted("right += (output.argmax(1) == y.cuda()).sum().item()"),
            reviews="MIG601",
            at="right += ",
        ),
        Example(
            "the same as a method",
            _counted("right += output.argmax(1).eq(y.cuda()).sum().item()"),
            reviews="MIG601",
            at="right += ",
        ),
        Example("a number of batches", _counted("seen += 1")),
        Example("a number of samples", _counted("seen += x.size(0)")),
        Example(
            "an evaluation loader, which every process reads completely",
            """
            for a, b in DataLoader(dataset):
                total += (model(a.to(device)).argmax(1) == b.to(device)).sum().item()
            """,
            frame=EPOCH,
        ),
        Example("a script without training", INFERENCE),
    ),
    "dataset-denominator": (
        Example(
            "counted over a prepared loader",
            _counted("right += (output.argmax(1) == y.cuda()).sum().item()", "print(right / len(loader.dataset))\n"),
            reviews="MIG602",
            at="len(loader.dataset)",
        ),
        Example(
            "a sum of losses, divided later",
            _counted("right += loss.item() * x.size(0)", "mean = right / len(dataset)\n"),
            reviews="MIG602",
            at="len(dataset)",
        ),
        Example("divided by the number of batches", _counted("right += loss.item()", "mean = right / len(loader)\n")),
        Example("a size that is only shown", _counted("seen += 1", "share = seen / len(dataset)\n")),
        Example(
            "counted over an evaluation loader",
            """
            right = 0
            for a, b in DataLoader(dataset):
                right += (model(a.to(device)).argmax(1) == b.to(device)).sum().item()
            accuracy = right / len(dataset)
            """,
            frame=EPOCH,
        ),
    ),
    "summed-loss": (
        Example("a sum", _counted("seen += loss.item()"), reviews="MIG603", at="seen += "),
        Example(
            "a custom meter",
            _counted("meter.update(loss.item(), x.size(0))").replace(
                "right, seen",
                "class Meter:\n    def update(self, value, n):\n        self.sum = value\n\nmeter = Meter()\nright, seen",
            ),
            reviews="MIG603",
            at="meter.update(",
        ),
        Example("an attribute of a trainer", "self.total = 0\nself.seen = x.size(0)", frame=TRAINER),
        Example(
            "a penalty that is part of the loss",
            _counted("pass").replace("    loss.backward", "    loss += output.abs().mean()\n    loss.backward"),
        ),
        Example("numbers of samples, in a variable", _counted("n = len(x)\n    seen += n")),
        Example("a loss that is only shown", "shown = loss.item()", frame=STEP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "listed-predictions": (
        Example(
            "a list of predictions",
            _counted("rows.extend(output.argmax(1).tolist())"),
            reviews="MIG604",
            at="rows.extend(",
        ),
        Example("a list of losses", _counted("rows.append(loss.item())"), reviews="MIG604", at="rows.append("),
        Example("a list of numbers of batches", _counted("rows.append(seen)")),
        Example("a list of sizes", _counted("rows.append(x.shape)")),
        Example(
            "predictions for an evaluation loader",
            """
            rows = []
            for a, b in DataLoader(dataset):
                rows.extend(model(a.to(device)).argmax(1).tolist())
            """,
            frame=EPOCH,
        ),
    ),
}
