"""Examples: learning-rate schedulers."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, SETUP
from migrator.rules.examples.script import stepped
from migrator.rules.rule import Example

_TWICE = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
for epoch in range(3):
    for x, y in DataLoader(dataset):
        nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
        optimizer.step()
        BATCH
    EPOCH
"""

EXAMPLES = {
    "scheduler-cadence": (
        Example("one step an epoch", stepped(epoch="scheduler.step()"), reviews="MIG203", at="Decay(optimizer"),
        Example(
            "on a metric",
            stepped(epoch="scheduler.step(1.0)")
            .replace("StepLR", "ReduceLROnPlateau")
            .replace("optimizer, 10", "optimizer"),
            reviews="MIG203",
            at="Decay(optimizer",
        ),
        Example("one step a batch", stepped(batch="scheduler.step()")),
        Example("a scheduler that is never stepped", stepped()),
        Example(
            "something else that steps",
            "class Clock:\n    def step(self):\n        pass\n\nClock().step()",
            frame=SETUP,
        ),
    ),
    "schedule-length": (
        Example(
            "a schedule that is built late",
            "late = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10 * len(loader))",
            reviews="MIG204",
            at="late =",
            frame=EPOCH,
        ),
        Example(
            "with the length in a variable, under another name",
            "from torch.optim.lr_scheduler import OneCycleLR as Cycle\nsteps = 10 * len(loader)\n"
            "late = Cycle(optimizer, 0.1, total_steps=steps)",
            reviews="MIG204",
            at="late =",
            frame=EPOCH,
        ),
        Example(
            "a schedule that is built before `prepare`",
            "early = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10 * len(loader))",
            frame=SETUP,
        ),
        Example("a schedule in epochs", "late = torch.optim.lr_scheduler.StepLR(optimizer, 10)", frame=EPOCH),
        Example("a length that is shown", "mean = total / len(loader)", frame=EPOCH),
    ),
    "mixed-cadence": (
        Example(
            "stepped per batch and per epoch",
            _TWICE.replace("BATCH", "scheduler.step()").replace("EPOCH", "scheduler.step()"),
            reviews="MIG902",
            at="scheduler = ",
        ),
        Example(
            "stepped in one of them under a condition",
            _TWICE.replace("BATCH", "if epoch == 0:\n            scheduler.step()").replace(
                "EPOCH", "scheduler.step()"
            ),
            reviews="MIG902",
            at="scheduler = ",
        ),
        Example("after each batch", _TWICE.replace("BATCH", "scheduler.step()").replace("EPOCH", "pass")),
        Example("after each epoch", _TWICE.replace("BATCH", "pass").replace("EPOCH", "scheduler.step()")),
        Example("a script without one", BATCH.around("")),
    ),
}
