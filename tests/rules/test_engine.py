"""Training that is handed to a file that cannot be parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline
from migrator.report.report import Item

HEAD = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset
IMPORT

loader = DataLoader(dataset)
model = nn.Linear(8, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
LOOP = """
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
"""
OLD = "def fit(loader, model, optimizer):\n    print 'fit'\n"


def migrated(folder: Path, script: str) -> tuple[bool, list[Item]]:
    """Migrate a script beside a file in Python 2; say whether anything would change, and what was found."""
    (folder / "train.py").write_text(script, encoding="utf-8")
    (folder / "helper.py").write_text(OLD, encoding="utf-8")
    (folder / "tools").mkdir()
    (folder / "tools" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "tools" / "old.py").write_text(OLD, encoding="utf-8")
    files = [file for report in pipeline.run([str(folder / "train.py")], Settings()) for file in report.files]
    return any(file.text for file in files), [item for file in files for item in file.items if item.code == "MIG915"]


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("import helper", "helper.fit"),
        ("import helper as h", "h.fit"),
        ("from helper import fit", "fit"),
        ("from helper import fit as go", "go"),
        ("from tools import old", "old.fit"),
        ("import tools.old", "tools.old.fit"),
        ("from tools.old import fit", "fit"),
    ],
)
def test_what_a_file_that_cannot_be_parsed_gets_is_named(tmp_path: Path, imports: str, call: str) -> None:
    script = HEAD.replace("IMPORT", imports) + f"{call}(loader, model, optimizer)\n"
    changed, found = migrated(tmp_path, script)
    assert not changed
    lines = [script.splitlines()[item.line - 1] for item in found]
    assert [line.split("(")[0].split(" =")[0] for line in lines] == ["loader", "model", "optimizer", call]
    assert found[3].message.startswith(f"`{call}` gets the optimizer, but its file ")
    assert "cannot be parsed as Python 3" in found[3].message


@pytest.mark.parametrize("call", ["helper.fit(loader, model)", "helper.slow_down(optimizer)", "helper.fit(model)"])
def test_a_script_that_trains_is_left_alone_beside_it(tmp_path: Path, call: str) -> None:
    changed, found = migrated(tmp_path, HEAD.replace("IMPORT", "import helper") + LOOP + call + "\n")
    assert not changed
    assert len(found) == 1


@pytest.mark.parametrize("call", ["helper.plot(3)", "print(helper.NAME)", "unknown.look(model)"])
def test_a_script_is_migrated_where_such_a_file_gets_nothing_of_it(tmp_path: Path, call: str) -> None:
    changed, found = migrated(tmp_path, HEAD.replace("IMPORT", "import helper, unknown") + LOOP + call + "\n")
    assert changed
    assert not found
