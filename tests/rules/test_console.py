"""Prints in files that a program imports: told where every process repeats them, and there alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from migrator.config import Settings
from migrator.project import pipeline
from migrator.report.report import Item, ProgramReport

SCRIPT = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
{imports}

loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1)
{before}
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    {inside}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A helper, how a script uses it, and the texts of the lines where a repeated print is told."""

    name: str
    helper: str
    told: tuple[str, ...] = ()
    imports: str = "from helper import say"
    before: str = "say('ready')"
    inside: str = "pass"


SAY = """
def say(what):
    print(what)
"""

CASES = (
    Case("called before the training", SAY, ("print(what)",)),
    Case("called in the training", SAY, ("print(what)",), before="", inside="say(loss.item())"),
    Case("reached by a star", SAY, ("print(what)",), imports="from helper import *"),
    Case("reached through the module", SAY, ("print(what)",), imports="import helper as h", before="h.say(1)"),
    Case("imported where it is called", SAY, ("print(what)",), imports="", before="from helper import say\nsay(1)"),
    Case("at the top of the module", "print('hello')", ("print('hello')",), imports="import helper", before=""),
    Case(
        "called at the top of the module",
        SAY + "say('hello')\n",
        ("print(what)",),
        imports="import helper",
        before="",
    ),
    Case(
        "a constructor and a method: the first speaks for both",
        """
        class Config:
            def __init__(self):
                print("made")

            def merge(self, args):
                print("merged", args)
        """,
        ('print("made")',),
        imports="from helper import Config",
        before="Config().merge(['a'])",
    ),
    Case(
        "a method alone",
        """
        class Config:
            def merge(self, args):
                print("merged", args)
        """,
        ('print("merged", args)',),
        imports="from helper import Config",
        before="Config().merge(['a'])",
    ),
    Case(
        "a model that is made",
        """
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(8, 1)
                print("parameters", sum(p.numel() for p in self.parameters()))

            def forward(self, x):
                return self.layer(x)
        """,
        ("parameters",),
        imports="from helper import Net",
        before="model = Net()",
    ),
    Case(
        "a dataset that is made",
        """
        from torch.utils.data import Dataset

        class Flowers(Dataset):
            def __init__(self):
                print("reads flowers")

            def __len__(self):
                return 4

            def __getitem__(self, index):
                return index
        """,
        ("reads flowers",),
        imports="from helper import Flowers",
        before="flowers = Flowers()",
    ),
    Case(
        "written to standard output",
        """
        import sys

        def say(what):
            sys.stdout.write(what)
        """,
        ("sys.stdout.write(what)",),
    ),
    Case(
        "the other arm of a guard",
        """
        from accelerate import PartialState

        def say(what):
            if PartialState().is_main_process:
                pass
            else:
                print(what)
        """,
        ("print(what)",),
    ),
    # ---------------------------------------------------------------- what nobody repeats
    Case("a function that nobody calls", SAY, before=""),
    Case(
        "a module that only such a function imports",
        "print('hello')",
        imports="",
        before="def unused():\n    import helper",
    ),
    Case(
        "the demo that ends a library",
        "if __name__ == '__main__':\n    print('demo')",
        imports="import helper",
        before="",
    ),
    Case(
        "a model that nobody makes",
        """
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                print("net")
        """,
        imports="from helper import Net",
        before="def unused():\n    return Net()",
    ),
    Case(
        "a method of a model that nobody calls",
        """
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(8, 1)

            def forward(self, x):
                return self.layer(x)

            def describe(self):
                print(self.layer)
        """,
        imports="from helper import Net",
        before="model = Net()",
    ),
    Case(
        "under a guard",
        """
        from accelerate import PartialState

        def say(what):
            if PartialState().is_main_process:
                print(what)
        """,
    ),
    Case(
        "under a guard where it is called",
        """
        from accelerate import PartialState

        def tell(what):
            print(what)

        def say(what):
            if PartialState().is_local_main_process:
                tell(what)
        """,
    ),
    Case("a logger", "import logging\n\ndef say(what):\n    logging.getLogger('x').info(what)\n"),
    Case("to another stream", "import sys\n\ndef say(what):\n    print(what, file=sys.stderr)\n"),
    Case(
        "a method of that name",
        """
        class Table:
            def print(self, what):
                return what

        def say(what):
            Table().print(what)
        """,
    ),
)


def migrate(folder: Path, files: dict[str, str], *given: str, settings: Settings = Settings()) -> list[ProgramReport]:  # noqa: B008
    """Write a program, and migrate it where some of its files are given."""
    (folder / ".git").mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return list(pipeline.run([str(folder / name) for name in given], settings))


def told(reports: list[ProgramReport], folder: Path) -> list[tuple[str, str, Item]]:
    """Give what is told of repeated prints: the file, the text of the line, and the item."""
    return [
        (Path(file.source.path).relative_to(folder).as_posix(), file.source.text.splitlines()[item.line - 1], item)
        for report in reports
        for file in report.files
        for item in file.items
        if item.code == "MIG702" and not item.applied
    ]


def script(imports: str = "from helper import say", before: str = "say('ready')", inside: str = "pass") -> str:
    return SCRIPT.format(imports=imports, before=before, inside=inside)


@pytest.mark.parametrize("given", [("train.py",), ("train.py", "helper.py")], ids=["script", "both"])
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_print_that_every_process_repeats_is_told_in_its_own_file(
    case: Case, given: tuple[str, ...], tmp_path: Path
) -> None:
    text = script(case.imports, case.before, case.inside)
    reports = migrate(tmp_path, {"train.py": text, "helper.py": dedent(case.helper)}, *given)
    assert [Path(entry).name for report in reports for entry in report.entries] == ["train.py"]  # it is migrated
    found = told(reports, tmp_path)
    assert [name for name, _, _ in found] == ["helper.py"] * len(case.told)
    assert all(part in line for part, (_, line, _) in zip(case.told, found, strict=True))


@pytest.mark.parametrize(
    ("imports", "package"),
    [
        ("from kit.helper import say", {}),
        ("from kit import say", {"kit/__init__.py": "from .helper import say\n"}),
        ("from kit.front import say", {"kit/front.py": "from . import helper\nsay = helper.say\n"}),
    ],
)
def test_a_package_is_gone_through(imports: str, package: dict[str, str], tmp_path: Path) -> None:
    files = {"train.py": script(imports), "kit/helper.py": SAY, **package}
    ((name, line, _),) = told(migrate(tmp_path, files, "train.py"), tmp_path)
    assert (name, line.strip()) == ("kit/helper.py", "print(what)")


def test_what_two_programs_reach_is_told_once(tmp_path: Path) -> None:
    other = script().replace("SGD", "Adam")
    reports = migrate(tmp_path, {"train.py": script(), "other.py": other, "helper.py": SAY}, "train.py", "other.py")
    assert len([entry for report in reports for entry in report.entries]) == 2
    assert [name for name, _, _ in told(reports, tmp_path)] == ["helper.py"]


WRITES = """
import numpy as np

def dump(x):
    np.save("x.npy", x)
    print("dumped")

def say(what):
    print(what)
"""


def test_only_where_the_file_would_get_the_accelerator_it_is_asked_for(tmp_path: Path) -> None:
    text = script("from helper import dump, say", inside="dump(loss.item())")
    reports = migrate(tmp_path, {"train.py": text, "helper.py": WRITES}, "train.py")
    reasons = {line.strip(): item.reason for _, line, item in told(reports, tmp_path)}
    assert reasons['print("dumped")'].endswith("helper.py is not among the given files (--follow adds it)")
    assert reasons["print(what)"] == "no Accelerator is in scope here, so N processes print this line N times"


def test_with_follow_it_is_edited_there(tmp_path: Path) -> None:
    text = script("from helper import dump, say", inside="dump(loss.item())")
    files = {"train.py": text, "helper.py": WRITES}
    reports = migrate(tmp_path, files, "train.py", settings=Settings(follow=True))
    (helper,) = [file for report in reports for file in report.files if file.source.path.endswith("helper.py")]
    assert helper.text is not None
    assert 'accelerator.print("dumped")' in helper.text
    assert [line.strip() for _, line, _ in told(reports, tmp_path)] == ["print(what)"]


def test_an_accelerator_of_the_scripts_own_is_used_where_the_file_is_given(tmp_path: Path) -> None:
    text = script("from accelerate import Accelerator\nfrom helper import say", "accelerator = Accelerator()")
    text = text.replace("optimizer = ", "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n#", 1)
    text = text.replace(
        "for x, y",
        "model, optimizer, loader = accelerator.prepare(model, optimizer, loader)\nsay(1, accelerator)\nfor x, y",
    )
    text = text.replace("loss.backward()", "accelerator.backward(loss)")
    helper = "def say(what, accelerator):\n    print(what)\n"
    settings = Settings(target="accelerate", ignore=("MIG004",))
    ((_, _, item),) = told(
        migrate(tmp_path, {"train.py": text, "helper.py": helper}, "train.py", settings=settings), tmp_path
    )
    assert item.reason.endswith("helper.py is not among the given files (--follow adds it)")
