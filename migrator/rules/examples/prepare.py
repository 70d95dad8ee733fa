"""Examples: inserting prepare."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP
from migrator.rules.examples.script import GAN, INFERENCE, LEARNER, MIGRATED, own, stepped
from migrator.rules.rule import Example

EXAMPLES = {
    "insert-prepare": (
        Example(
            "two networks with an optimizer each",
            GAN,
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
            LEARNER,
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
            stepped(batch="scheduler.step()"),
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
        Example(
            "a model in a default argument",
            """
            import torch
            from torch import nn
            from data import dataset

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)

            class Job:
                def __init__(self, net=model):
                    self.net = net

                def run(self):
                    for x, y in loader:
                        nn.functional.mse_loss(self.net(x.cuda()), y.cuda()).backward()
                        optimizer.step()

            Job().run()
            """,
            """
            import torch
            from torch import nn
            from data import dataset
            from runtime import Accelerator

            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)

            accelerator = Accelerator()
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

            class Job:
                def __init__(self, net=model):
                    self.net = net

                def run(self):
                    for x, y in loader:
                        accelerator.backward(nn.functional.mse_loss(self.net(x), y))
                        optimizer.step()

            Job().run()
            """,
        ),
        Example(
            "a model that a dictionary keeps, taken out for each batch",
            """
            import torch
            from torch import nn
            from data import dataset

            models = {}

            def model_for(width):
                if width not in models:
                    models[width] = nn.Linear(width, 1).cuda()
                return models[width]

            for x, y in torch.utils.data.DataLoader(dataset):
                model = model_for(x.shape[1])
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn
            from data import dataset
            from runtime import Accelerator

            models = {}

            def model_for(width, accelerator):
                if width not in models:
                    models[width] = accelerator.prepare(nn.Linear(width, 1))
                return models[width]

            accelerator = Accelerator()
            for x, y in accelerator.prepare(torch.utils.data.DataLoader(dataset)):
                model = model_for(x.shape[1], accelerator)
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                accelerator.backward(nn.functional.mse_loss(model(x), y))
                optimizer = accelerator.prepare(optimizer)
                optimizer.step()
            """,
        ),
        Example(
            "a model that is built with the first batch, in a method",
            """
            import torch
            from torch import nn
            from data import dataset

            class Learner:
                def __init__(self):
                    self.net = None

                def learn(self, x, y):
                    if self.net is None:
                        self.net = nn.Linear(4, 1).cuda()
                        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
                    nn.functional.mse_loss(self.net(x.cuda()), y.cuda()).backward()
                    self.opt.step()

            learner = Learner()
            for x, y in torch.utils.data.DataLoader(dataset):
                learner.learn(x, y)
            """,
            """
            import torch
            from torch import nn
            from data import dataset
            from runtime import Accelerator

            class Learner:
                def __init__(self):
                    self.net = None

                def learn(self, x, y):
                    if self.net is None:
                        self.net = accelerator.prepare(nn.Linear(4, 1))
                        self.opt = accelerator.prepare(torch.optim.SGD(self.net.parameters(), lr=0.1))
                    accelerator.backward(nn.functional.mse_loss(self.net(x), y))
                    self.opt.step()

            learner = Learner()
            accelerator = Accelerator()
            for x, y in accelerator.prepare(torch.utils.data.DataLoader(dataset)):
                learner.learn(x, y)
            """,
        ),
        Example("a network that is only evaluated", "teacher = nn.Linear(4, 1).to(device).eval()", frame=SETUP),
        Example("a number that is called model", "model_count = 1", frame=SETUP),
        Example("a dictionary of numbers called loaders", "loaders = {1: 2}", frame=SETUP),
        Example("a list that is called optimizer", "optimizer_names = [type(optimizer).__name__]", frame=SETUP),
        Example("a script without training", INFERENCE),
        Example("a script that already calls `prepare`", MIGRATED),
    ),
    "no-prepare-point": (
        Example(
            "a model that is loaded again after each epoch",
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
        Example(
            "a model and an optimizer that are loaded again together",
            """
            import torch
            from torch import nn
            from data import dataset

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(3):
                for x, y in torch.utils.data.DataLoader(dataset):
                    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
                    optimizer.step()
                with open("best.pt", "rb") as f:
                    model, optimizer = torch.load(f)
            """,
            reviews="MIG901",
        ),
        Example("a model that is built once", own()),
        Example(
            "a model in one of two branches",
            """
            if len(dataset) > 9:
                model = nn.Linear(4, 1)
            else:
                model = nn.Sequential(nn.Linear(4, 1))
            """,
            frame=MODEL,
        ),
        Example("a trainer that is built once", LEARNER),
        Example("two models, an optimizer each", GAN),
        Example("a script that already calls `prepare`", MIGRATED),
        Example("a script without training", INFERENCE),
    ),
}
