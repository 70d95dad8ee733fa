"""Examples: waiting for a file."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP
from migrator.rules.examples.script import INFERENCE, MIGRATED, TRAINED
from migrator.rules.rule import Example

_AWAITED = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset
from runtime import Accelerator

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
accelerator = Accelerator()
model, optimizer = accelerator.prepare(model, optimizer)
for x, y in accelerator.prepare(DataLoader(dataset)):
    accelerator.backward(nn.functional.mse_loss(model(x), y))
    optimizer.step()
accelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")

def best():
    accelerator.wait_for_everyone()
    return torch.load("model.pt")

accelerator.unwrap_model(model).load_state_dict(best())
"""
EXAMPLES = {
    "load": (
        Example(
            "weights that the same script has saved",
            TRAINED + 'torch.save(model.state_dict(), "model.pt")\nmodel.load_state_dict(torch.load("model.pt"))\n',
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            accelerator = Accelerator()
            model, optimizer = accelerator.prepare(model, optimizer)
            for x, y in accelerator.prepare(DataLoader(dataset)):
                accelerator.backward(nn.functional.mse_loss(model(x), y))
                optimizer.step()
            accelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")
            accelerator.wait_for_everyone()
            accelerator.unwrap_model(model).load_state_dict(torch.load("model.pt"))
            """,
        ),
        Example(
            "under another name, with a comment",
            TRAINED.replace("import torch\n", "import torch\nfrom torch import load as read\n", 1)
            + 'torch.save(model.state_dict(), "model.pt")\n# the best so far\nstate = read("model.pt")\n',
            """
            import torch
            from torch import load as read
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            accelerator = Accelerator()
            model, optimizer = accelerator.prepare(model, optimizer)
            for x, y in accelerator.prepare(DataLoader(dataset)):
                accelerator.backward(nn.functional.mse_loss(model(x), y))
                optimizer.step()
            accelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")
            # the best so far
            accelerator.wait_for_everyone()
            state = read("model.pt")
            """,
        ),
        Example(
            "in a function",
            TRAINED
            + """torch.save(model.state_dict(), "model.pt")

def best():
    return torch.load("model.pt")

model.load_state_dict(best())
""",
            _AWAITED,
        ),
        Example(
            "in a function that only the main process calls",
            MIGRATED
            + """
def best():
    return torch.load("model.pt")

accelerator.save(1, "model.pt")
if accelerator.is_main_process:
    best()
""",
        ),
        Example("weights of an earlier run", 'state = torch.load("start.pt", map_location="cpu")', frame=SETUP),
        Example("a script without training", INFERENCE),
        Example(
            "something else that loads",
            "class Game:\n    def load(self, name):\n        pass\n\nGame().load('a')",
            frame=SETUP,
        ),
    ),
}
