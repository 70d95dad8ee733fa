"""Examples: checkpoints."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, SETUP, STEP, TRAINER
from migrator.rules.examples.script import INFERENCE, MIGRATED, TRAINED
from migrator.rules.rule import Example

_GUARDED = (
    TRAINED
    + """if RANK == 0:
    torch.save(model.state_dict(), "model.pt")
"""
)

EXAMPLES = {
    "save": (
        Example(
            "weights and the state of the optimizer",
            'torch.save({"model": model.state_dict(), "opt": optimizer.state_dict()}, "last.pt")',
            'accelerator.save({"model": accelerator.unwrap_model(model).state_dict(), "opt": optimizer.state_dict()}, "last.pt")',
            frame=EPOCH,
        ),
        Example(
            "a dictionary in a variable",
            'state = {"model": model.state_dict(), "epoch": epoch}\ntorch.save(state, "last.pt")',
            'state = {"model": accelerator.unwrap_model(model).state_dict(), "epoch": epoch}\naccelerator.save(state, "last.pt")',
            frame=EPOCH,
        ),
        Example("a dictionary that stays in memory", 'state = {"epoch": epoch, "total": total}', frame=EPOCH),
        Example(
            "the weights",
            'torch.save(model.state_dict(), "model.pt")',
            'accelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")',
            frame=EPOCH,
        ),
        Example(
            "under another name",
            'from torch import save as keep\nkeep(model.state_dict(), "model.pt")',
            'from torch import save as keep\naccelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")',
            frame=EPOCH,
        ),
        Example(
            "into a file that the script opens",
            'with open("model.pt", "wb") as f:\n    torch.save(model.state_dict(), f)  # best',
            """
            if accelerator.is_main_process:
                with open("model.pt", "wb") as f:
                    torch.save(accelerator.unwrap_model(model).state_dict(), f)  # best
            """,
            frame=EPOCH,
        ),
        Example(
            "in a trainer",
            'torch.save(self.model.state_dict(), "model.pt")',
            'self.accelerator.save(self.accelerator.unwrap_model(self.model).state_dict(), "model.pt")',
            frame=TRAINER,
        ),
        Example(
            "weights that are kept in memory", "kept = [p.detach().clone() for p in model.parameters()]", frame=EPOCH
        ),
        Example(
            "something else that saves",
            "class Game:\n    def save(self, name):\n        pass\n\nGame().save('a')",
            frame=SETUP,
        ),
        Example("a save through the Accelerator", MIGRATED),
        Example("a script that trains nothing", INFERENCE),
        Example("a function of that name", "def save(x, path):\n    return x\n\nsave(1, 'x')", frame=SETUP),
    ),
    "loaded-model": (
        Example(
            "a whole model",
            TRAINED + 'torch.save(model, "best.pt")\nbest = torch.load("best.pt")\nbest(x)\n',
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
            accelerator.save(accelerator.unwrap_model(model), "best.pt")
            accelerator.wait_for_everyone()
            best = torch.load("best.pt", map_location=accelerator.device)
            best(x)
            """,
        ),
        Example(
            "a teacher",
            'teacher = torch.load("teacher.pt", weights_only=False)\nteacher(torch.zeros(1, 4, device=device))',
            'teacher = torch.load("teacher.pt", weights_only=False, map_location=accelerator.device)\n'
            "teacher(torch.zeros(1, 4, device=device))",
            frame=SETUP,
        ),
        Example("weights", 'weights = torch.load("start.pt")["model"]', frame=SETUP),
        Example(
            "a model that is moved",
            'teacher = torch.load("t.pt").to(device)\nteacher(torch.zeros(1, 4, device=device))',
            frame=SETUP,
        ),
        Example(
            "a model that stays on the CPU",
            'teacher = torch.load("t.pt", map_location="cpu")\nteacher(torch.zeros(1, 4))',
            frame=SETUP,
        ),
    ),
    "model-module": (
        Example(
            "the model in DataParallel",
            TRAINED.replace(".cuda()\noptim", ".cuda()\nmodel = nn.DataParallel(model)\noptim")
            + 'torch.save(model.module.state_dict(), "model.pt")\n',
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
            """,
        ),
        Example(
            "one of its attributes",
            TRAINED.replace(".cuda()\noptim", ".cuda()\nmodel = nn.DataParallel(model)\noptim").replace(
                "    optimizer.step()", "    optimizer.step()\n    width = model.module.in_features"
            ),
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
                width = accelerator.unwrap_model(model).in_features
            """,
        ),
        Example(
            "an attribute of a class of that name", "class Course:\n    module = 3\n\nCourse().module", frame=SETUP
        ),
        Example("a model that is not wrapped", "first = model.parameters()", frame=STEP),
    ),
    "rank-check": (
        Example(
            "a rank of torch.distributed, which blocks the program",
            _GUARDED.replace("RANK", "torch.distributed.get_rank()"),
            reviews="MIG406",
            at="get_rank() == 0",
        ),
        Example(
            "one in a variable",
            _GUARDED.replace("if RANK", "from torch import distributed as d\nrank = d.get_rank()\nif rank"),
            reviews="MIG406",
            at="if rank == 0",
        ),
        Example("a comparison with something else", "if len(x) == 0:\n    total = 0", frame=STEP),
        Example("a variable of that name", "rank = int(y.sum())\nif rank == 0:\n    total = 0", frame=STEP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
}
