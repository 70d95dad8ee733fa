"""Examples: device definitions and defaults."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP, STEP, TRAINER
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

_FLAGS = """import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--gpu", action="store_true")
parser.add_argument("--kind", default="cpu")
args = parser.parse_args()
"""
_MATCH = """match args.kind:
    case "gpu" | "auto":
        device = "cuda"
    case _:
        device = "cpu\""""
_ELSEWHERE = """class Options:
    device = "auto"
options = Options()
if options.device == "auto":
    device = "cuda" if torch.cuda.is_available() else "cpu"
else:
    device = options.device"""


def _kept(text: str, made: str) -> str:
    """The migrated script with the script's own choice kept, and what comes below it."""
    head = "from runtime import Accelerator\n\naccelerator = Accelerator()\ndevice = accelerator.device"
    own = "\n" + text.replace("import argparse\n", "import argparse\nfrom runtime import Accelerator\n", 1)
    if "import argparse" not in text:
        own = "from runtime import Accelerator\n\n" + text
    return _FLAT_AFTER.replace(head, own + "\n" + made)


EXAMPLES = {
    "device-definition": (
        Example(
            "the first GPU where there is one",
            _defined('device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")'),
            _FLAT_AFTER,
        ),
        Example(
            "an `if` with two branches",
            _defined(
                """if torch.cuda.is_available():
    device = torch.device("cuda")
else:
    device = torch.device("cpu")"""
            ),
            _FLAT_AFTER,
        ),
        Example(
            "another device by a value that is set elsewhere, which stays and decides",
            _defined(_ELSEWHERE),
            _kept(
                _ELSEWHERE,
                """device = torch.device(device)
if device.index:
    torch.cuda.set_device(device)
accelerator = Accelerator(cpu=device.type == "cpu")
device = accelerator.device""",
            ),
        ),
        Example(
            "arms that are not understood, which stay and decide",
            _defined(_FLAGS + _MATCH),
            _kept(_FLAGS + _MATCH, 'accelerator = Accelerator(cpu=device == "cpu")\ndevice = accelerator.device'),
        ),
        Example(
            "nested arms that one flag decides",
            _defined(
                _FLAGS
                + """if torch.cuda.is_available():
    if args.gpu:
        device = torch.device("cuda")
    else:
        device = torch.device("cpu")
else:
    device = torch.device("cpu")"""
            ),
            _kept(_FLAGS.rstrip("\n"), "accelerator = Accelerator(cpu=not args.gpu)\ndevice = accelerator.device"),
        ),
        Example(
            "an annotated variable",
            _defined('device: torch.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'),
            _FLAT_AFTER.replace("device = accelerator", "device: torch.device = accelerator"),
        ),
        Example(
            "under another name, as a string",
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
            "a device that the user chooses",
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
        Example("an `if` about something else", "name = 'high' if loss.item() > 1 else 'low'", frame=BATCH),
        Example("a check of a tensor's device", "there = loss.device", frame=BATCH),
        Example(
            "a device of a tensor, which is not changed",
            'place = "cuda" if loss.is_cuda else "cpu"',
            reviews="MIG101",
            at="loss.is_cuda",
            frame=BATCH,
        ),
        Example("a script without training", INFERENCE),
        Example("a string that names a device", 'hint = "needs cuda"', frame=SETUP),
        Example("a variable of that name that holds something else", 'device_name = "printer"', frame=SETUP),
        Example("an annotated variable that holds something else", 'device_name: str = "printer"', frame=SETUP),
        Example("arms that choose something else", "if args.gpu:\n    size = 64\nelse:\n    size = 8", frame=SETUP),
        Example("a dictionary of something else", 'sizes = {"gpu": 64, "cpu": 8}\nsize = sizes["gpu"]', frame=SETUP),
        Example("the CPU, asked for by name", 'shown = x.to(torch.device("cpu"))', frame=STEP),
        Example("a script that already uses the Accelerator", MIGRATED),
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
        Example("a script without training", INFERENCE),
    ),
}
