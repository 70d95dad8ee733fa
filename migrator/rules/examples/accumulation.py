"""Examples: gradient accumulation that the script does itself."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, STEP
from migrator.rules.rule import Example

_MODULO = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(DataLoader(dataset)):
    loss = nn.functional.mse_loss(model(x.cuda()), y.cuda()) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
"""
_STEPS = "    if (i + 1) % 4 == 0:\n        optimizer.step()\n        optimizer.zero_grad()\n"
_COUNTER = """\
    count += 1
    if count == 4:
        optimizer.step()
        optimizer.zero_grad()
        count = 0
"""

EXAMPLES = {
    "accumulation": (
        Example("every fourth batch", _MODULO, reviews="MIG306", at="optimizer.step()"),
        Example(
            "with the rest at the end",
            _MODULO.replace("% 4 == 0", "% 4 == 0 or i + 1 == len(dataset)"),
            reviews="MIG306",
            at="optimizer.step()",
        ),
        Example(
            "by a counter",
            _MODULO.replace(_STEPS, _COUNTER).replace(
                "for i, (x, y) in enumerate(DataLoader(dataset)):", "count = 0\nfor x, y in DataLoader(dataset):"
            ),
            reviews="MIG306",
            at="optimizer.step()",
        ),
        Example(
            "by batches that continue",
            _MODULO.replace(
                _STEPS, "    if (i + 1) % 4:\n        continue\n    optimizer.step()\n    optimizer.zero_grad()\n"
            ),
            reviews="MIG306",
            at="optimizer.step()",
        ),
        Example(
            "by micro-batches",
            """
            import torch
            from torch import nn

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for step in range(10):
                for micro in range(4):
                    loss = model(torch.randn(8, 4).cuda()).pow(2).mean() / 4
                    loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            """,
            reviews="MIG306",
            at="optimizer.step()",
        ),
        Example("every batch", _MODULO.replace(_STEPS, "    optimizer.step()\n    optimizer.zero_grad()\n")),
        Example("a message every hundredth batch", "if len(x) % 100 == 0:\n    shown = loss.item()", frame=STEP),
        Example(
            "a critic that learns every fifth batch", "if int(y[0]) % 5 == 0:\n    extra = loss.item()", frame=BATCH
        ),
        Example(
            "two optimizers, of which one steps more often",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset

            critic, actor = nn.Linear(4, 1).cuda(), nn.Linear(4, 4).cuda()
            slow = torch.optim.SGD(actor.parameters(), lr=0.1)
            fast = torch.optim.SGD(critic.parameters(), lr=0.1)
            for x, y in DataLoader(dataset):
                for _ in range(5):
                    fast.zero_grad()
                    critic(x.cuda()).mean().backward()
                    fast.step()
                slow.zero_grad()
                critic(actor(x.cuda())).mean().backward()
                slow.step()
            """,
        ),
        Example(
            "a generator that learns every fifth batch, with its backward",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for i, (x, y) in enumerate(DataLoader(dataset)):
                if i % 5 == 0:
                    optimizer.zero_grad()
                    model(x.cuda()).mean().backward()
                    optimizer.step()
            """,
        ),
    ),
}
