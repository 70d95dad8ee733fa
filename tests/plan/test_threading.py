"""Programs of several functions, classes and files: how the Accelerator gets to the code that needs it, as authors write it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline, scan
from migrator.source.discover import discover

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
"""
STEP = """\
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
MAKE = """\
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = nn.Linear(4, 2).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(TensorDataset(torch.randn(32, 4), torch.zeros(32).long()), batch_size=8, shuffle=True)
"""


def program(definitions: str, calls: str, more: str = "") -> dict[str, str]:
    """A script whose `main` makes everything and calls what the definitions define."""
    return {
        "train.py": f"{HEAD}{more}\n\n{definitions}\n\ndef main():\n{MAKE}    for epoch in range(2):\n        {calls}\n\n\n"
        'if __name__ == "__main__":\n    main()\n'
    }


def guarded(more: str, flag: str = "") -> str:
    """A script whose main program saves what its `main(epochs)` trains, perhaps where a flag of the command line says."""
    make = MAKE.replace("torch.cuda.is_available()", f"not {flag}") if flag else MAKE
    given = f'    {flag} = "--cpu" in sys.argv\n' if flag else ""
    return (
        f"{HEAD}{more}\n\ndef main(epochs{flag and ', ' + flag}):\n{make}    for epoch in range(epochs):\n"
        + STEP.replace("\n    ", "\n        ").replace("    for", "        for", 1)
        + f'    return model\n\n\nif __name__ == "__main__":\n{given}    model = main(2{flag and ", " + flag})\n'
        '    torch.save(model.state_dict(), "model.pt")\n'
    )


@dataclass(frozen=True, slots=True)
class Case:
    """The files of a program, and what must stand in them afterwards, or not."""

    files: dict[str, str]
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    migrated: bool = True


WRAPPER = """\
def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.time()
        result = function(*args, **kwargs)
        wrapper.seconds = time.time() - start
        return result
    return wrapper


@timed
"""

CASES = {
    "bound by a partial": Case(
        program(
            "def fit(model, optimizer, device, loader):\n" + STEP,
            "partial(fit, model, optimizer, device)(loader)",
            "from functools import partial\n",
        ),
        has=(
            "def fit(model, optimizer, device, loader, accelerator):",
            "partial(fit, model, optimizer, device, accelerator=accelerator)(loader)",
        ),
    ),
    "given by the items of a dict": Case(
        program(
            "def fit(model, loader, *, optimizer, device):\n" + STEP,
            "fit(model, loader, **dict(optimizer=optimizer, device=device))",
        ),
        has=("optimizer, device, accelerator):", "device=device), accelerator=accelerator)"),
    ),
    "given by the items of a list": Case(
        program("def fit(model, loader, optimizer, device):\n" + STEP, "fit(*[model, loader, optimizer, device])"),
        has=("optimizer, device, accelerator):", "device], accelerator=accelerator)"),
    ),
    "a wrapper's own arguments are passed on by name": Case(
        program(
            "def run(*args, **kwargs):\n    fit(*args, **kwargs)\n\n\ndef fit(model, loader, optimizer, device):\n"
            + STEP,
            "run(model, loader, optimizer, device=device)",
        ),
        has=("def run(*args, accelerator, **kwargs):", "fit(*args, **kwargs, accelerator=accelerator)"),
    ),
    "the name may be among the arguments that a function takes and is given": Case(
        program(
            "def fit(model, loader, optimizer, device, **rest):\n" + STEP,
            "fit(model, loader, optimizer, device, **vars(model))",
        ),
        migrated=False,
    ),
    "a decorator of the program's own that passes everything on": Case(
        program(
            WRAPPER + "def fit(model, loader, optimizer, device):\n" + STEP,
            "fit(model, loader, optimizer, device)",
            "import functools\nimport time\n",
        ),
        has=("optimizer, device, accelerator):", "fit(model, loader, optimizer, device, accelerator)"),
        lacks=("def wrapper(*args, accelerator",),
    ),
    "a decorator that calls its function now and then": Case(
        program(
            "def once(function):\n    def wrapper(*args, **kwargs):\n        if not wrapper.done:\n"
            "            function(*args, **kwargs)\n    wrapper.done = False\n    return wrapper\n\n\n"
            "@once\ndef fit(model, loader, optimizer, device):\n" + STEP,
            "fit(model, loader, optimizer, device)",
        ),
        migrated=False,
    ),
    "one call that enters either of two functions": Case(
        program(
            "def plain(model, loader, optimizer, device):\n" + STEP + "\n\n"
            "def other(model, loader, optimizer, device):\n" + STEP,
            '{"plain": plain, "other": other}[mode](model, loader, optimizer, device)',
            'import sys\n\nmode = sys.argv[1] if sys.argv[1:] else "plain"\n',
        ),
        has=(
            "def plain(model, loader, optimizer, device, accelerator):",
            "def other(model, loader, optimizer, device, accelerator):",
            "optimizer, device, accelerator=accelerator)",
        ),
    ),
    "a class that keeps nothing": Case(
        program(
            "class Update:\n    def __call__(self, loss, optimizer):\n        loss.backward()\n        optimizer.step()\n\n\n"
            "def fit(model, loader, optimizer, device, update=Update()):\n    for x, y in loader:\n"
            "        optimizer.zero_grad()\n        update(F.cross_entropy(model(x.to(device)), y.to(device)), optimizer)\n",
            "fit(model, loader, optimizer, device)",
        ),
        has=("def __call__(self, loss, optimizer, accelerator):", "optimizer, accelerator)"),
    ),
    "two objects of one class share a loader": Case(
        {
            "train.py": HEAD
            + """

class Trainer:
    def __init__(self, lr, loader):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = nn.Linear(4, 2).to(self.device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)
        self.loader = loader

    def epoch(self):
        for x, y in self.loader:
            loss = F.cross_entropy(self.model(x.to(self.device)), y.to(self.device))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


loader = DataLoader(TensorDataset(torch.randn(32, 4), torch.zeros(32).long()), batch_size=8)
first, second = Trainer(0.1, loader), Trainer(0.01, loader)
for epoch in range(2):
    first.epoch()
    second.epoch()
"""
        },
        has=(
            "        self.model, self.optimizer = accelerator.prepare(self.model, self.optimizer)",
            "loader = accelerator.prepare(",
        ),
        lacks=("self.loader = accelerator", "self.loader)"),
    ),
    "a method that a related class has, too": Case(
        program(
            "class Base:\n    def run(self, model, loader, optimizer, device):\n        for x, y in loader:\n"
            "            self.step(F.cross_entropy(model(x.to(device)), y.to(device)), optimizer)\n\n\n"
            "class One(Base):\n    def step(self, loss, optimizer):\n        optimizer.zero_grad()\n"
            "        loss.backward()\n        optimizer.step()\n\n\n"
            "class Other(Base):\n    def step(self, loss, optimizer):\n        pass\n",
            "One().run(model, loader, optimizer, device)",
        ),
        migrated=False,
    ),
    "a function that is called twice with the same model": Case(
        program(
            "def fit(model, loader, device, rate):\n    optimizer = torch.optim.SGD(model.parameters(), lr=rate)\n"
            + STEP,
            "pass\n    fit(model, loader, device, 0.1)\n    fit(model, loader, device, 0.01)",
        ),
        has=(
            "    optimizer = accelerator.prepare(optimizer)\n",
            "    model, loader = accelerator.prepare(model, loader)\n",
        ),
    ),
    "print under another name": Case(
        program(
            "def fit(model, loader, optimizer, device, log=print):\n" + STEP + '    log("done")\n',
            "fit(model, loader, optimizer, device)",
        ),
        has=('    log("done")',),
    ),
    "a registry that a decorator fills": Case(
        {
            "registry.py": "MODELS = {}\n\n\ndef register(name):\n    def add(cls):\n        MODELS[name] = cls\n        return cls\n"
            "    return add\n\n\ndef build(name, **options):\n    return MODELS[name](**options)\n",
            "nets.py": 'import torch.nn as nn\nfrom registry import register\n\n\n@register("net")\nclass Net(nn.Module):\n'
            "    def __init__(self, width=8):\n        super().__init__()\n        self.fc = nn.Linear(width, 2)\n\n"
            "    def forward(self, x):\n        return self.fc(x)\n",
            "train.py": HEAD
            + "import nets\nfrom registry import build\n\n\ndef main():\n"
            + MAKE.replace("nn.Linear(4, 2)", 'build("net", width=4)')
            + "    for epoch in range(2):\n"
            + "\n".join("    " + line for line in STEP.splitlines())
            + "\n\n\nmain()\n",
        },
        has=("model, optimizer, loader = accelerator.prepare(model, optimizer, loader)",),
    ),
    "a folder put on the path": Case(
        {
            "src/common/steps.py": "import torch.nn.functional as F\n\n\ndef fit(model, loader, optimizer, device):\n"
            + STEP,
            "tools/train.py": "import os\nimport sys\n\nroot = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n"
            'sys.path.insert(0, os.path.join(root, "src", "common"))\n'
            + HEAD
            + "import steps as s\n\n\ndef main():\n"
            + MAKE
            + "    s.fit(model, loader, optimizer, device)\n\n\nmain()\n",
        },
        has=(
            "s.fit(model, loader, optimizer, device, accelerator)",
            "def fit(model, loader, optimizer, device, accelerator):",
        ),
    ),
    "a folder that a function of an imported module puts on the path": Case(
        {
            "lib/steps.py": "import torch.nn.functional as F\n\n\ndef fit(model, loader, optimizer, device):\n" + STEP,
            "tools/_paths.py": "import os.path as osp\nimport sys\n\n\ndef add_path(path):\n    if path not in sys.path:\n"
            "        sys.path.insert(0, path)\n\n\nhere = osp.dirname(__file__)\nlib_path = osp.join(here, '..', 'lib')\n"
            "add_path(lib_path)\n",
            "tools/train.py": "import _paths\n"
            + HEAD
            + "from steps import fit\n\n\ndef main():\n"
            + MAKE
            + "    fit(model, loader, optimizer, device)\n\n\nmain()\n",
        },
        has=("fit(model, loader, optimizer, device, accelerator)",),
    ),
    "a file on the way that says nothing of training, and one that only starts it": Case(
        {
            "lib/__init__.py": "",
            "lib/steps.py": "import torch.nn.functional as F\n\n\ndef fit(model, loader, optimizer, device):\n" + STEP,
            "lib/runs.py": "from .steps import fit\n\n\ndef run(*parts):\n    for epoch in range(2):\n        fit(*parts)\n",
            "app/__init__.py": "",
            "app/cli.py": HEAD
            + "from lib.runs import run\n\n\ndef main():\n"
            + MAKE
            + "    run(model, loader, optimizer, device)\n",
            "start.py": "from app.cli import main\n\nmain()\n",
        },
        has=(
            "def run(*parts, accelerator):",
            "fit(*parts, accelerator=accelerator)",
            "run(model, loader, optimizer, device, accelerator=accelerator)",
        ),
    ),
    "a nested function prints by what the function around it was handed": Case(
        program(
            "def fit(model, loader, optimizer, device):\n    def tell(loss):\n        print('loss', loss)\n\n"
            + STEP
            + "        tell(loss.item())\n",
            "fit(model, loader, optimizer, device)",
        ),
        has=("        accelerator.print('loss', loss)",),
    ),
    "a writer that is built further out than the training, and gets the model in it": Case(
        {
            "writer.py": "from tensorboardX import SummaryWriter\n\n\nclass Writer(SummaryWriter):\n"
            "    def __init__(self, folder):\n        super().__init__(folder)\n        self.count = 0\n\n"
            "    def weights(self, model):\n        for name, value in model.named_parameters():\n"
            "            self.add_histogram(name, value, self.count)\n",
            "engine.py": f"{HEAD}\n\ndef train(writer, epochs):\n{MAKE}    for epoch in range(epochs):\n"
            + STEP.replace("\n    ", "\n        ").replace("    for", "        for", 1)
            + "        writer.weights(model)\n",
            "start.py": "from engine import train\nfrom writer import Writer\n\n\ndef main():\n"
            '    writer = Writer("runs")\n    train(writer, 2)\n\n\nif __name__ == "__main__":\n    main()\n',
        },
        has=(
            'def main():\n    accelerator = Accelerator()\n    writer = Writer("runs", accelerator)\n    train(writer, 2, accelerator)',
            "in self.accelerator.unwrap_model(model).named_parameters():",
        ),
    ),
    "what a test calls makes do without the main program's globals": Case(
        {"train.py": guarded(""), "check.py": "from train import main\n\n\ndef test_it():\n    main(1)\n"},
        has=(
            '    return model\n\n\naccelerator = Accelerator()\n\n\nif __name__ == "__main__":\n',
            "    device = accelerator.device",
        ),
        lacks=("    accelerator = Accelerator()", "accelerator):"),
    ),
    "what a test calls cannot wait for the main program's options": Case(
        {
            "train.py": guarded("import sys\n", "cpu"),
            "check.py": "from train import main\n\n\ndef test_it():\n    main(1, True)\n",
        },
        migrated=False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_accelerator_gets_where_it_is_needed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    for path, text in case.files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    found = discover(["."])
    candidates = scan.candidates(found)
    reports = pipeline.analyse(
        candidates, Settings(), lambda done: None, None, [path for path in found if path not in candidates]
    )
    assert [problem for report in reports for problem in report.problems] == []
    text = "\n".join(file.text for report in reports for file in report.files if file.text is not None)
    assert bool(text) == case.migrated, [item for report in reports for file in report.files for item in file.items]
    assert [part for part in case.has if part not in text] == []
    assert [part for part in case.lacks if part in text] == []
