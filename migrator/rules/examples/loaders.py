"""Examples: data loaders."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, SETUP, STEP
from migrator.rules.examples.script import INFERENCE, LEARNER, own
from migrator.rules.rule import Example


def _by_split(name: str, loader: str) -> str:
    """Give a script that trains and evaluates in one loop."""
    return f"""
        import torch
        from torch import nn
        from torch.utils.data import DataLoader
        from data import dataset

        rows = {{"train": dataset, "valid": dataset}}
        model = nn.Linear(4, 1).cuda()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(2):
            for split in ("train", "valid"):
                {name} = {loader}
                for x, y in {name}:
                    loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
                    if split == "train":
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
                    print(split, loss.item())
        """


EXAMPLES = {
    "eval-loader": (
        Example(
            "a loader that no training loop reads",
            "val_loader = DataLoader(dataset)\nfor a, b in val_loader:\n    shown = a.shape",
            reviews="MIG206",
            at="val_loader = ",
            frame=SETUP,
        ),
        Example(
            "a loader that is read between the epochs",
            "for a, b in DataLoader(dataset):\n    total += nn.functional.mse_loss(model(a.to(device)), b.to(device)).item()",
            reviews="MIG206",
            at="for a, b in DataLoader(dataset)",
            frame=EPOCH,
        ),
        Example("a loader that is never iterated", "spare = DataLoader(dataset)", frame=SETUP),
        Example("the training loader", "count = len(loader)", frame=STEP),
        Example("a loop over a list", "for a in [1, 2]:\n    a + 1", frame=SETUP),
    ),
    "shared-loader": (
        Example(
            "one variable for both loaders",
            _by_split("loader", "DataLoader(rows[split], batch_size=4)"),
            reviews="MIG206",
            at="loader = DataLoader",
        ),
        Example(
            "the same, under another name",
            _by_split("batches", "DataLoader(rows[split], batch_size=8, shuffle=True)"),
            reviews="MIG206",
            at="batches = DataLoader",
        ),
        Example("a training loader", BATCH.around("")),
        Example("a script without training", INFERENCE),
    ),
    "batch-semantics": (
        Example("a training loader", BATCH.around(""), reviews="MIG211", at="loader = DataLoader"),
        Example("the same, held by a trainer", LEARNER, reviews="MIG211", at="DataLoader(dataset)"),
        Example("an evaluation loader", "for a, b in DataLoader(dataset):\n    a.sum()", frame=SETUP),
        Example("a script without training", INFERENCE),
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
