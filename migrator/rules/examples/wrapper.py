"""Examples: the wrapper around a prepared model."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP, STEP
from migrator.rules.examples.script import own
from migrator.rules.rule import Example

EXAMPLES = {
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
    "forward-bypass": (
        Example("a method of the model", own("model.score(x)"), reviews="MIG903", at="model.score(x)"),
        Example("a submodule", own("model.layer(x)"), reviews="MIG903", at="model.layer(x)"),
        Example("the model itself", own()),
        Example("a method whose result is only printed", own(after="shown = model.score(x).item()")),
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
}
