"""Examples: where things are put."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, MODEL, MOVES, SETUP, STEP, TRAINER
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

_FLAT = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

DEFINITION
model = nn.Linear(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
for x, y in loader:
    noise = torch.randn(8, 4, device=device)
    loss = nn.functional.mse_loss(model(x.to(device) + noise), y.to(device))
    loss.backward()
    optimizer.step()
"""
_FLAT_AFTER = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset
from runtime import Accelerator

accelerator = Accelerator()
device = accelerator.device
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    noise = torch.randn(8, 4, device=device)
    loss = nn.functional.mse_loss(model(x + noise), y)
    accelerator.backward(loss)
    optimizer.step()
"""


def _defined(text: str) -> str:
    return _FLAT.replace("DEFINITION", text)


_OPTION = """import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda:1")
args = parser.parse_args()
"""

EXAMPLES = {
    "device-definition": (
        Example(
            "the first GPU where there is one",
            _defined('device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")'),
            _FLAT_AFTER,
        ),
        Example(
            "an `if` with two arms",
            _defined(
                """if torch.cuda.is_available():
    device = torch.device("cuda")
else:
    device = torch.device("cpu")"""
            ),
            _FLAT_AFTER,
        ),
        Example(
            "a name by another name",
            _defined('import torch as t\ndevice = t.device("cuda")'),
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset

            import torch as t
            from runtime import Accelerator
            accelerator = Accelerator()
            device = accelerator.device
            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = DataLoader(dataset)
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                noise = torch.randn(8, 4, device=device)
                loss = nn.functional.mse_loss(model(x + noise), y)
                accelerator.backward(loss)
                optimizer.step()
            """,
        ),
        Example("an attribute of a trainer", TRAINER.around(""), TRAINER.around("", migrated=True)),
        Example(
            "a device that its user picks",
            _defined(_OPTION + "device = torch.device(args.device)"),
            _FLAT_AFTER.replace(
                "from runtime import Accelerator\n\naccelerator = Accelerator()\ndevice = accelerator.device",
                "\n"
                + _OPTION.replace("argparse\n", "argparse\nfrom runtime import Accelerator\n")
                + """device = torch.device(args.device)
if device.index:
    torch.cuda.set_device(device)
accelerator = Accelerator(cpu=device.type == "cpu")
device = accelerator.device""",
            ),
        ),
        Example("a tensor that is asked where it is", "there = loss.device", frame=BATCH),
        Example("a device that follows a tensor", 'place = "cuda" if loss.is_cuda else "cpu"', frame=BATCH),
        Example("a variable of that name that holds something else", 'device_name = "printer"', frame=SETUP),
        Example("the CPU, asked for by name", 'shown = x.to(torch.device("cpu"))', frame=STEP),
        Example("a script that asks the Accelerator already", MIGRATED),
    ),
    "model-to": (
        Example(
            "a move where the model is built",
            "model = nn.Linear(4, 1).to(device)",
            "model = nn.Linear(4, 1)",
            frame=MODEL,
        ),
        Example(
            "a move on a line of its own, whose comment stays",
            "model = nn.Linear(4, 1)\n# to the GPU\nmodel.cuda()",
            "model = nn.Linear(4, 1)\n# to the GPU",
            frame=MODEL,
        ),
        Example(
            "a model that runs before `prepare` keeps its move",
            "model = nn.Linear(4, 1).to(device)\nstart = model(torch.zeros(8, 4, device=device))",
            frame=MODEL,
        ),
        Example(
            "a move that changes the dtype as well",
            "model = nn.Linear(4, 1).to(device, torch.float64)",
            frame=MODEL,
        ),
        Example("a frozen helper network", "teacher = nn.Linear(4, 1).to(device).eval()", frame=SETUP),
        Example("a change of dtype alone", "model = nn.Linear(4, 1).to(torch.float32)", frame=MODEL),
    ),
    "batch-to": (
        Example("the parts of a batch", "x, y = x.to(device), y.to(device)", "", frame=MOVES),
        Example(
            "in the older way, one by one",
            "x = x.cuda(non_blocking=True)\ny = y.cuda()  # targets",
            "# targets",
            frame=MOVES,
        ),
        Example(
            "the move goes, and the view stays",
            "x = x.view(8, -1).to(device)\ny = y.to(device)",
            "x = x.view(8, -1)",
            frame=MOVES,
        ),
        Example(
            "a batch that turns into another type",
            "x, y = x.to(device, torch.float32), y.to(device, torch.float32)",
            frame=MOVES,
        ),
        Example("a tensor that the script makes itself", "noise = torch.randn(8, 4).to(device)", frame=STEP),
        Example("a batch that goes back to the CPU", "shown = x.cpu()", frame=STEP),
        Example(
            "a batch of a loader that is not prepared",
            """
            with torch.no_grad():
                for a, b in DataLoader(dataset):
                    score = model(a.to(device)) - b.to(device)
            """,
            frame=EPOCH,
        ),
    ),
    "cuda-call-to-device": (
        Example(
            "a tensor that the script makes itself",
            "noise = torch.randn(8, 4).cuda()",
            "noise = torch.randn(8, 4).to(accelerator.device)",
            frame=STEP,
        ),
        Example(
            "a criterion, and a keyword that stays",
            'criterion = nn.MSELoss().to("cuda")\nmask = torch.ones(4).cuda(non_blocking=True)',
            "criterion = nn.MSELoss().to(accelerator.device)\nmask = torch.ones(4).to(accelerator.device, non_blocking=True)",
            frame=SETUP,
        ),
        Example(
            "in a method",
            "noise = torch.randn(8, 4).cuda()",
            "noise = torch.randn(8, 4).to(self.accelerator.device)",
            frame=TRAINER,
        ),
        Example("a device that has been defined", "noise = torch.randn(8, 4).to(device)", frame=STEP),
        Example("a move to the CPU", 'shown = loss.to("cpu")', frame=STEP),
        Example("a function called cuda", "def cuda():\n    return 3\n\ncuda()", frame=SETUP),
        Example("a script that aims at the Accelerator's device already", MIGRATED),
    ),
    "factory-device": (
        Example(
            "a factory that names a device",
            'noise = torch.zeros(8, 4, device="cuda")',
            "noise = torch.zeros(8, 4, device=accelerator.device)",
            frame=STEP,
        ),
        Example(
            "a checkpoint that is read to one",
            'state = torch.load("start.pt", map_location="cuda:0")',
            'state = torch.load("start.pt", map_location=accelerator.device)',
            frame=SETUP,
        ),
        Example("a factory on the device of a variable", "noise = torch.zeros(8, 4, device=device)", frame=STEP),
        Example("a factory on the CPU", 'noise = torch.zeros(8, 4, device="cpu")', frame=STEP),
        Example(
            "a checkpoint that is read to the CPU", 'state = torch.load("start.pt", map_location="cpu")', frame=SETUP
        ),
    ),
    "legacy-cuda-tensor": (
        Example(
            "a constructor by its full name",
            "noise = torch.cuda.FloatTensor(8, 4)",
            "noise = torch.FloatTensor(8, 4).to(accelerator.device)",
            frame=STEP,
        ),
        Example(
            "an alias that depends on a flag",
            "Tensor = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor\nones = Tensor(8, 1).fill_(1.0)",
            "Tensor = torch.FloatTensor\nones = Tensor(8, 1).to(accelerator.device).fill_(1.0)",
            frame=SETUP,
        ),
        Example(
            "a conversion",
            "z = x.type(torch.cuda.FloatTensor)",
            "z = x.to(accelerator.device, torch.float32)",
            frame=STEP,
        ),
        Example("a type of the CPU", "ones = torch.FloatTensor(8, 1)", frame=SETUP),
        Example("a conversion to a dtype", "z = x.type(torch.float32)", frame=STEP),
        Example("a class of that name", "class FloatTensor:\n    pass\n\nFloatTensor()", frame=SETUP),
    ),
    "if-cuda-block": (
        Example(
            "an `if` around a move",
            """
            noise = torch.randn(8, 4)
            if torch.cuda.is_available():
                noise = noise.cuda()
            """,
            """
            noise = torch.randn(8, 4)
            noise = noise.to(accelerator.device)
            """,
            frame=STEP,
        ),
        Example(
            "an `if` whose moves all go",
            """
            model = nn.Linear(4, 1)
            if torch.cuda.is_available():
                model.cuda()
            """,
            "model = nn.Linear(4, 1)",
            frame=MODEL,
        ),
        Example(
            "an `if` that does something else as well",
            "if torch.cuda.is_available():\n    torch.backends.cudnn.benchmark = True",
            frame=SETUP,
        ),
        Example(
            "an `if` that asks about something else",
            """
            if len(dataset) > 100:
                noise = torch.randn(8, 4)
            """,
            frame=SETUP,
        ),
        Example(
            "an `if` around a seed",
            """
            if torch.cuda.is_available():
                torch.cuda.manual_seed(1)
            """,
            frame=SETUP,
        ),
        Example("a script without a GPU in sight", INFERENCE.replace("cuda", "cpu")),
    ),
    "explicit-device": (
        Example("the second GPU", 'noise = torch.randn(8, 4).to("cuda:1")', reviews="MIG905", at="cuda:1", frame=STEP),
        Example("the same by number", "noise = torch.randn(8, 4).cuda(1)", reviews="MIG905", at="cuda(1)", frame=STEP),
        Example("the first GPU", "noise = torch.randn(8, 4)\nshown = noise.cpu()", frame=STEP),
        Example("a dtype", "noise = torch.randn(8, 4).to(torch.float16)", frame=STEP),
        Example("a text that names it", 'hint = "try cuda:1 instead"', frame=SETUP),
    ),
    "default-device": (
        Example(
            "a default device", 'torch.set_default_device("cuda")', reviews="MIG111", at="set_default", frame=SETUP
        ),
        Example(
            "a default type on the GPU, by another name",
            "from torch import set_default_tensor_type as default\ndefault(torch.cuda.FloatTensor)",
            reviews="MIG111",
            at="default(torch.cuda",
            frame=SETUP,
        ),
        Example("a default dtype", "torch.set_default_dtype(torch.float32)", frame=SETUP),
        Example("a default type on the CPU", "torch.set_default_tensor_type(torch.FloatTensor)", frame=SETUP),
        Example("a script that trains nothing", INFERENCE),
    ),
}
