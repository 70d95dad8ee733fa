"""Examples: `prepare`, and what it asks of the code around."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, INFERENCE, MIGRATED, MODEL, SETUP, STEP
from migrator.rules.rule import Example

_GAN = """
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from data import dataset

maker, judge = nn.Linear(2, 4).cuda(), nn.Linear(4, 1).cuda()
opt_maker = optim.Adam(maker.parameters())
opt_judge = optim.Adam(judge.parameters())
for x, _ in DataLoader(dataset, batch_size=8):
    fake = maker(torch.randn(8, 2).cuda())
    opt_judge.zero_grad()
    (judge(fake.detach()) - judge(x.cuda())).mean().backward()
    opt_judge.step()
    opt_maker.zero_grad()
    (-judge(fake)).mean().backward()
    opt_maker.step()
"""
_CLASS = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

class Trainer:
    def __init__(self, net):
        self.net = net.cuda()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.data = DataLoader(dataset)

    def fit(self):
        for x, y in self.data:
            self.opt.zero_grad()
            nn.functional.mse_loss(self.net(x.cuda()), y.cuda()).backward()
            self.opt.step()

Trainer(nn.Linear(4, 1)).fit()
"""
_SCHEDULED = """
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR as Decay
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = Decay(optimizer, 10)
loader = DataLoader(dataset)
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
        optimizer.step()
        BATCH
    EPOCH
"""


def _stepped(batch: str = "pass", epoch: str = "pass") -> str:
    return _SCHEDULED.replace("BATCH", batch).replace("EPOCH", epoch)


_NET = """
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
"""
_OWN = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset
NET
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(FORWARD, y)
    loss.backward()
    optimizer.step()
    AFTER
"""


def _own(forward: str = "model(x)", after: str = "pass") -> str:
    return _OWN.replace("NET", _NET).replace("FORWARD", forward).replace("AFTER", after)


EXAMPLES = {
    "insert-prepare": (
        Example(
            "two networks with an optimizer each",
            _GAN,
            """
            import torch
            from torch import nn, optim
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            maker, judge = nn.Linear(2, 4), nn.Linear(4, 1)
            opt_maker = optim.Adam(maker.parameters())
            opt_judge = optim.Adam(judge.parameters())
            accelerator = Accelerator()
            maker, judge, opt_maker, opt_judge = accelerator.prepare(
                maker, judge, opt_maker, opt_judge
            )
            for x, _ in accelerator.prepare(DataLoader(dataset, batch_size=8)):
                fake = maker(torch.randn(8, 2).to(accelerator.device))
                opt_judge.zero_grad()
                accelerator.backward((judge(fake.detach()) - judge(x)).mean())
                opt_judge.step()
                opt_maker.zero_grad()
                accelerator.backward((-judge(fake)).mean())
                opt_maker.step()
            """,
        ),
        Example(
            "attributes of a trainer",
            _CLASS,
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            class Trainer:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
                    self.accelerator = Accelerator()
                    self.data = DataLoader(dataset)
                    self.net, self.opt, self.data = self.accelerator.prepare(
                        self.net, self.opt, self.data
                    )

                def fit(self):
                    for x, y in self.data:
                        self.opt.zero_grad()
                        self.accelerator.backward(nn.functional.mse_loss(self.net(x), y))
                        self.opt.step()

            Trainer(nn.Linear(4, 1)).fit()
            """,
        ),
        Example(
            "a scheduler that steps with every batch, under another name",
            _stepped(batch="scheduler.step()"),
            """
            import torch
            from torch import nn
            from torch.optim.lr_scheduler import StepLR as Decay
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            scheduler = Decay(optimizer, 10)
            loader = DataLoader(dataset)
            accelerator = Accelerator()
            model, optimizer, loader, scheduler = accelerator.prepare(
                model, optimizer, loader, scheduler
            )
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    accelerator.backward(nn.functional.mse_loss(model(x), y))
                    optimizer.step()
                    scheduler.step()
                pass
            """,
        ),
        Example("a network that only evaluates", "teacher = nn.Linear(4, 1).to(device).eval()", frame=SETUP),
        Example("a list that is called optimizer", "optimizer_names = [type(optimizer).__name__]", frame=SETUP),
        Example("a script that trains nothing", INFERENCE),
        Example("a script that prepares already", MIGRATED),
    ),
    "scheduler-cadence": (
        Example("one step an epoch", _stepped(epoch="scheduler.step()"), reviews="MIG203", at="Decay(optimizer"),
        Example(
            "on a metric",
            _stepped(epoch="scheduler.step(1.0)")
            .replace("StepLR", "ReduceLROnPlateau")
            .replace("optimizer, 10", "optimizer"),
            reviews="MIG203",
            at="Decay(optimizer",
        ),
        Example("one step a batch", _stepped(batch="scheduler.step()")),
        Example("a scheduler that is never stepped", _stepped()),
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
            _own(after="width = model.width"),
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
            _own(after="shown = model.score(x).item()"),
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
        Example("the same, held by a trainer", _CLASS, reviews="MIG211", at="DataLoader(dataset)"),
        Example("a loader that only evaluates", "for a, b in DataLoader(dataset):\n    a.sum()", frame=SETUP),
        Example("a script that trains nothing", INFERENCE),
    ),
    "no-prepare-point": (
        Example(
            "a model that is read again after each epoch",
            """
            import torch
            from torch import nn
            from data import dataset

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)
            for epoch in range(3):
                for x, y in loader:
                    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
                    optimizer.step()
                model = torch.load("best.pt")
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            """,
            reviews="MIG901",
            at='torch.load("best.pt")',
        ),
        Example(
            "the same in a function, under other names",
            """
            import torch as t
            from data import dataset

            def run():
                net = t.nn.Linear(4, 1).cuda()
                opt = t.optim.SGD(net.parameters(), lr=0.1)
                for epoch in range(3):
                    for x, y in t.utils.data.DataLoader(dataset):
                        (net(x.cuda()) - y.cuda()).square().mean().backward()
                        opt.step()
                    net = t.load("best.pt")
                    opt = t.optim.SGD(net.parameters(), lr=0.1)

            run()
            """,
            reviews="MIG901",
            at='t.load("best.pt")',
        ),
        Example("a model that is built once", _own()),
        Example(
            "a model in one of two arms",
            """
            if len(dataset) > 9:
                model = nn.Linear(4, 1)
            else:
                model = nn.Sequential(nn.Linear(4, 1))
            """,
            frame=MODEL,
        ),
        Example("a trainer that is built once", _CLASS),
    ),
    "forward-bypass": (
        Example("a method of the model", _own("model.score(x)"), reviews="MIG903", at="model.score(x)"),
        Example("a part of the model", _own("model.layer(x)"), reviews="MIG903", at="model.layer(x)"),
        Example("the model itself", _own()),
        Example("a method whose result is only looked at", _own(after="shown = model.score(x).item()")),
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
            _own().replace("SGD(model.parameters()", "SGD(model.layer.parameters()"),
            reviews="MIG210",
            at="model.layer.parameters()",
        ),
        Example("a model that is trained whole", _own()),
        Example("two models that are trained whole", _GAN),
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
        Example("a loop over a loader", _own()),
        Example("a loop over a trainer's loader", _CLASS),
    ),
}
