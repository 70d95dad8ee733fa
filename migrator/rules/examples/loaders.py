"""Examples: loaders, prepared or not."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, SETUP, STEP
from migrator.rules.examples.script import INFERENCE, LEARNER, own
from migrator.rules.rule import Example

EXAMPLES = {
    "eval-loader": (
        Example(
            "a loader that no loop learns from",
            "val_loader = DataLoader(dataset)\nfor a, b in val_loader:\n    shown = a.shape",
            reviews="MIG206",
            at="val_loader = ",
            frame=SETUP,
        ),
        Example(
            "one that is used between the epochs",
            "for a, b in DataLoader(dataset):\n    total += nn.functional.mse_loss(model(a.to(device)), b.to(device)).item()",
            reviews="MIG206",
            at="for a, b in DataLoader(dataset)",
            frame=EPOCH,
        ),
        Example("a loader that is never iterated", "spare = DataLoader(dataset)", frame=SETUP),
        Example("the loader that is learned from", "count = len(loader)", frame=STEP),
        Example("a loop over a list", "for a in [1, 2]:\n    a + 1", frame=SETUP),
    ),
    "batch-semantics": (
        Example("a loader that is learned from", BATCH.around(""), reviews="MIG211", at="loader = DataLoader"),
        Example("the same, held by a trainer", LEARNER, reviews="MIG211", at="DataLoader(dataset)"),
        Example("a loader that only evaluates", "for a, b in DataLoader(dataset):\n    a.sum()", frame=SETUP),
        Example("a script that trains nothing", INFERENCE),
    ),
    "no-loader": (
        Example(
            "a loop over a range",
            """
            import torch
            from torch import nn

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            x = torch.randn(64, 4).cuda()
            for step in range(100):
                optimizer.zero_grad()
                model(x).sum().backward()
                optimizer.step()
            """,
            reviews="MIG912",
            at="for step in range",
        ),
        Example(
            "a loop over slices",
            """
            import torch as t
            from torch import nn

            model = nn.Linear(4, 1).cuda()
            optimizer = t.optim.SGD(model.parameters(), lr=0.1)
            data = t.randn(64, 4).cuda()
            for i in range(0, 64, 8):
                optimizer.zero_grad()
                model(data[i:i + 8]).sum().backward()
                optimizer.step()
            """,
            reviews="MIG912",
            at="for i in range",
        ),
        Example("a loop over a loader", own()),
        Example("a loop over a trainer's loader", LEARNER),
    ),
}
