"""`[tool.migrate.makes]`: what the user says that a call gives counts where the code does not show it."""

from __future__ import annotations

from pathlib import Path

from migrator.config import MADE, Settings
from migrator.inference.knowledge import WORDS
from migrator.project import pipeline

TRAIN = """\
import torch
import torch.nn.functional as F
{imports}

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = {model}
model.to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = {loader}
for epoch in range(3):
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
"""
PREPARED = "model, optimizer, loader = accelerator.prepare(model, optimizer, loader)"


def text_of(path: str, settings: Settings) -> str:
    reports = list(pipeline.run([path], settings))
    assert [problem for report in reports for problem in report.problems] == []
    return "".join(file.text or "" for report in reports for file in report.files)


def test_a_library_that_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(
        TRAIN.format(imports="import zoo\nfrom feed import fast", model='zoo.build("net")', loader="fast.Feed(8)")
    )
    makes = (("zoo.build", "model"), ("feed.fast.*", "loader"))
    assert "x.to(device)" in text_of(str(path), Settings())  # a loader of whose batches nothing is known
    known = text_of(str(path), Settings(makes=makes))
    assert PREPARED in known
    assert "x.to(device)" not in known


def test_a_function_of_the_program_whose_code_does_not_show_what_it_gives(tmp_path: Path) -> None:
    (tmp_path / "zoo.py").write_text(
        "import importlib\n\n\ndef build(name):\n    return importlib.import_module(name).make()\n"
    )
    path = tmp_path / "train.py"
    loader = "DataLoader(data, batch_size=8)"
    imports = "from torch.utils.data import DataLoader\nfrom data import data\nfrom zoo import build"
    path.write_text(TRAIN.format(imports=imports, model='build("net")', loader=loader))
    assert PREPARED in text_of(str(path), Settings(makes=(("zoo.build", "model"),)))


def test_what_the_code_shows_stays(tmp_path: Path) -> None:
    (tmp_path / "zoo.py").write_text("import torch.nn as nn\n\n\ndef build(name):\n    return nn.Linear(4, 2)\n")
    path = tmp_path / "train.py"
    imports = "from torch.utils.data import DataLoader\nfrom data import data\nfrom zoo import build"
    path.write_text(TRAIN.format(imports=imports, model='build("net")', loader="DataLoader(data, batch_size=8)"))
    assert text_of(str(path), Settings(makes=(("zoo.build", "model"),))) == text_of(str(path), Settings())


def test_every_word_of_the_settings_is_known_to_the_walk() -> None:
    assert tuple(WORDS) == MADE
