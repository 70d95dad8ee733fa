"""Examples: conditions whose outcome differs between processes."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, LOSS, SETUP, STEP, TRAINER
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

_RANKED = """
import torch
from torch import nn
from torch import distributed as dist
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
rank = dist.get_rank()
for x, y in DataLoader(dataset):
    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
    PART
"""
_VALIDATED = """
val_loader = DataLoader(dataset)
best = 9.0
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
    total = 0.0
    with torch.no_grad():
        for x, y in val_loader:
            total += nn.functional.mse_loss(model(x.to(device)), y.to(device)).item()
    if total > best:
        break
    best = total
"""
_GUARDED_STEP = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

def step(x, y):
    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
    optimizer.step()

for epoch in range(3):
    for x, y in DataLoader(dataset):
        try:
            step(x, y)
        HANDLER
"""

EXAMPLES = {
    "rank-divergence": (
        Example(
            "a batch that is skipped",
            "import math\nif math.isnan(loss.item()):\n    continue",
            reviews="MIG910",
            at="if math.isnan",
            frame=BATCH,
        ),
        Example(
            "an early stop by the training loss",
            "mean = total / len(loader)\nif mean < 0.01:\n    break",
            reviews="MIG910",
            at="if mean < 0.01",
            frame=EPOCH,
        ),
        Example(
            "an early stop with patience",
            """
            if epoch == 0:
                best, bad = total, 0
            if total > best:
                bad += 1
            if bad > 3:
                break
            """,
            reviews="MIG910",
            at="if bad > 3",
            frame=EPOCH,
        ),
        Example(
            "a time limit, under another name",
            "from time import time as now\nif now() > 1e9:\n    break",
            reviews="MIG910",
            at="if now() >",
            frame=STEP,
        ),
        Example(
            "batches that are skipped at random, in a trainer",
            "import random\nif random.random() < 0.5:\n    continue",
            reviews="MIG910",
            at="if random.random()",
            frame=TRAINER,
        ),
        Example(
            "an early stop by an evaluation loader, which every process reads completely",
            SETUP.around("").partition("for x, y in loader")[0] + _VALIDATED,
        ),
        Example("a stop after a number of steps", "if epoch >= 3:\n    break", frame=EPOCH),
        Example("an error that stops all processes", "if loss.isnan():\n    raise SystemExit(1)", frame=BATCH),
        Example("a loss that is only shown", "if loss.item() > 9:\n    worst = loss.item()", frame=STEP),
        Example("a batch that is skipped because of its shape", "if x.size(0) < 8:\n    continue", frame=BATCH),
        Example("a script whose processes already decide together", MIGRATED),
        Example("a script without training", INFERENCE),
    ),
    "swallowed-error": (
        Example(
            "a step that runs out of memory",
            "try:\n    loss.backward()\nexcept RuntimeError:\n    continue",
            reviews="MIG910",
            at="except RuntimeError",
            frame=LOSS,
        ),
        Example(
            "any error, in a separate function",
            _GUARDED_STEP.replace("HANDLER", "except Exception as error:\n            print(error)"),
            reviews="MIG910",
            at="except Exception",
        ),
        Example(
            "an error that is raised again", _GUARDED_STEP.replace("HANDLER", "except RuntimeError:\n            raise")
        ),
        Example(
            "an interrupt by the user",
            _GUARDED_STEP.replace("HANDLER", "except KeyboardInterrupt:\n            break"),
        ),
        Example(
            "an error of something else", "try:\n    import apex_of_nothing\nexcept ImportError:\n    pass", frame=SETUP
        ),
    ),
    "own-decision": (
        Example(
            "the best weights by the training loss",
            'if total < 3:\n    torch.save({"epoch": epoch}, "best.pt")',
            reviews="MIG506",
            at="if total < 3",
            frame=EPOCH,
        ),
        Example(
            "the same, under another name",
            'from torch import save as keep\nif total / 8 < 3:\n    keep({"epoch": epoch}, "best.pt")',
            reviews="MIG506",
            at="if total / 8 < 3",
            frame=EPOCH,
        ),
        Example("weights every tenth epoch", "if epoch % 10 == 0:\n    kept = epoch", frame=EPOCH),
        Example("a decision about a message", "if total < 3:\n    kept = epoch", frame=EPOCH),
        Example(
            "the best weights by an evaluation loader",
            SETUP.around("").partition("for x, y in loader")[0]
            + _VALIDATED.replace("        break\n", '        torch.save(model.state_dict(), "best.pt")\n'),
        ),
    ),
    "guarded-forward": (
        Example(
            "a model that the main process alone evaluates",
            _RANKED.replace("PART", "if rank == 0:\n        shown = model(x.cuda())"),
            reviews="MIG911",
            at="shown = model(",
        ),
        Example(
            "the same in a function that is called under the guard",
            _RANKED.replace("PART", "if rank == 0:\n        check(x)").replace(
                "rank = ", "\ndef check(x):\n    return model(x.cuda())\n\nrank = "
            ),
            reviews="MIG911",
            at="return model(",
        ),
        Example("a message of the main process", _RANKED.replace("PART", "if rank == 0:\n        shown = x.shape")),
        Example("a model that every process runs", _RANKED.replace("PART", "shown = model(x.cuda())")),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
}
