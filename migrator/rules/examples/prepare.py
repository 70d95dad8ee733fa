"""Examples: `prepare`, and what it asks of the code around."""

from __future__ import annotations

from migrator.rules.examples import placement
from migrator.rules.examples.frame import BATCH, EPOCH, SETUP, STEP
from migrator.rules.examples.script import GAN, INFERENCE, LEARNER, own, stepped
from migrator.rules.rule import Example

_BARE = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

w = torch.zeros(1, 4, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.1)
for x, y in DataLoader(dataset, batch_size=8):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(x @ w.t() + b, y)
    loss.backward()
    optimizer.step()
"""
EXAMPLES = {
    **placement.EXAMPLES,
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
    "model-attribute": (
        Example(
            "an attribute",
            own(after="width = model.width"),
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.width = 4
                    self.layer = nn.Linear(4, 1)

                def forward(self, x):
                    return self.layer(x)

                def score(self, x):
                    return self.layer(x).abs()

            model = Net()

            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = DataLoader(dataset)
            accelerator = Accelerator()
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                accelerator.backward(loss)
                optimizer.step()
                width = accelerator.unwrap_model(model).width
            """,
        ),
        Example(
            "a method that takes no part in a loss",
            own(after="shown = model.score(x).item()"),
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.width = 4
                    self.layer = nn.Linear(4, 1)

                def forward(self, x):
                    return self.layer(x)

                def score(self, x):
                    return self.layer(x).abs()

            model = Net()

            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = DataLoader(dataset)
            accelerator = Accelerator()
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                accelerator.backward(loss)
                optimizer.step()
                shown = accelerator.unwrap_model(model).score(x).item()
            """,
        ),
        Example(
            "a module of a standard network",
            "bias = model.bias.mean()",
            "bias = accelerator.unwrap_model(model).bias.mean()",
            frame=STEP,
        ),
        Example("a mode", "model.train()", frame=STEP),
        Example("its parameters", "norm = sum(p.norm() for p in model.parameters())", frame=STEP),
        Example("an attribute that is read before `prepare`", "size = model.in_features", frame=SETUP),
        Example("a network that is not prepared", "teacher = nn.Linear(4, 1)\nsize = teacher.in_features", frame=SETUP),
    ),
    "batch-semantics": (
        Example("a loader that is learned from", BATCH.around(""), reviews="MIG211", at="loader = DataLoader"),
        Example("the same, held by a trainer", LEARNER, reviews="MIG211", at="DataLoader(dataset)"),
        Example("a loader that only evaluates", "for a, b in DataLoader(dataset):\n    a.sum()", frame=SETUP),
        Example("a script that trains nothing", INFERENCE),
    ),
    "forward-bypass": (
        Example("a method of the model", own("model.score(x)"), reviews="MIG903", at="model.score(x)"),
        Example("a part of the model", own("model.layer(x)"), reviews="MIG903", at="model.layer(x)"),
        Example("the model itself", own()),
        Example("a method whose result is only looked at", own(after="shown = model.score(x).item()")),
        Example(
            "a method of a frozen network",
            """
            teacher = nn.Sequential(nn.Linear(4, 1)).to(device).eval()
            with torch.no_grad():
                mark = teacher[0](torch.zeros(8, 4, device=device))
            """,
            frame=SETUP,
        ),
    ),
    "find-unused": (
        Example(
            "a head that is trained alone",
            """
            import torch
            import torchvision.models as zoo
            from torch import nn
            from data import dataset

            model = zoo.resnet18(weights=None).cuda()
            optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.1)
            for x, y in torch.utils.data.DataLoader(dataset):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x.cuda()), y.cuda()).backward()
                optimizer.step()
            """,
            reviews="MIG210",
            at="model.fc.parameters()",
        ),
        Example(
            "a layer of one's own network",
            own().replace("SGD(model.parameters()", "SGD(model.layer.parameters()"),
            reviews="MIG210",
            at="model.layer.parameters()",
        ),
        Example("a model that is trained whole", own()),
        Example("two models that are trained whole", GAN),
        Example(
            "a model whose parameters are sorted into groups",
            own().replace("SGD(model.parameters()", "SGD([{'params': [p]} for p in model.parameters()]"),
        ),
    ),
    "bare-tensors": (
        Example("two tensors", _BARE, reviews="MIG205", at="torch.optim.SGD(["),
        Example(
            "the same tensors in a dictionary",
            _BARE.replace("[w, b]", '[{"params": [w, b]}]'),
            reviews="MIG205",
            at="torch.optim.SGD([",
        ),
        Example("the parameters of a model", BATCH.around("")),
        Example("tensors beside a model's parameters", _BARE.replace("[w, b]", "[*nn.Linear(4, 1).parameters(), b]")),
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
