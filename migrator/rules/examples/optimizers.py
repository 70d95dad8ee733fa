"""Examples: optimizers."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH
from migrator.rules.examples.script import GAN, own
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
            "a layer of a custom network",
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
    "unprepared-optimizer": (
        Example(
            "an optimizer that is stepped with other methods",
            """
            import torch
            from torch import nn
            from data import loader


            class TwoSteps(torch.optim.Optimizer):
                def __init__(self, params, lr):
                    super().__init__(params, {"lr": lr})
                    self.base = torch.optim.SGD(self.param_groups, lr=lr)

                def climb(self): ...

                def descend(self):
                    self.base.step()


            model = nn.Linear(8, 1).cuda()
            optimizer = TwoSteps(model.parameters(), lr=0.1)
            for x, y in loader:
                nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
                optimizer.climb()
                model.zero_grad()
                nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
                optimizer.descend()
                model.zero_grad()
            """,
            reviews="MIG212",
            at="TwoSteps(model",
        ),
        Example(
            "an optimizer that is only created to load a checkpoint",
            own()
            + """
best = nn.Linear(8, 1)
dummy = torch.optim.SGD(best.parameters(), lr=0.1)
dummy.load_state_dict(torch.load("best.pt")["optimizer"])
""",
            reviews="MIG212",
            at="dummy = ",
        ),
        Example(
            "an optimizer that is passed to code that was not read",
            own() + "\nimport helper\nhelper.finish(torch.optim.SGD(model.parameters(), lr=0.1))\n",
            reviews="MIG212",
            at="helper.finish",
        ),
        Example("an optimizer that is stepped", own()),
        Example("two optimizers that are stepped", GAN),
        Example("an optimizer of tensors, which is stepped", _BARE),
    ),
}
