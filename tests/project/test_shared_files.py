"""Several programs and the files that they share: changed for all of them, or for none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline, pool, write
from migrator.report.report import Item, ProgramReport

ENGINE = """\
def train_one_epoch(model, loader, optimizer, device):
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = (model(x) - y).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
SETUP = """\
import torch
from torch.utils.data import DataLoader, TensorDataset

from engine import train_one_epoch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(32, 4), torch.randn(32, 1)), batch_size=4)
model = torch.nn.Linear(4, 1).to(device)
optimizer = torch.optim.{optimizer}(model.parameters(), lr=0.1)
"""
CALL = "train_one_epoch(model, loader, optimizer, device)\n"
TRAIN = SETUP.format(optimizer="SGD") + CALL
FINETUNE = SETUP.format(optimizer="Adam") + "for epoch in range(2):\n    " + CALL
LOOP = """\
for x, y in loader:
    loss = (model(x.to(device)) - y.to(device)).pow(2).mean()
    loss.backward()
    optimizer.step()
"""
REFUSED = LOOP + "    if loss.item() < 0.1:\n        break\n"  # which one process may reach, and another not


def migrate(folder: Path, **files: str) -> list[ProgramReport]:
    """Migrate files, given by their stems, all at once."""
    paths = []
    for stem, text in files.items():
        path = folder / f"{stem}.py"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return list(pipeline.run(paths, Settings()))


def texts(reports: list[ProgramReport]) -> dict[str, str]:
    """Give what becomes of the files that change, by their stems; each may be in one report only."""
    found: dict[str, str] = {}
    for file in (file for report in reports for file in report.files if file.text is not None):
        stem = Path(file.source.path).stem
        assert stem not in found
        found[stem] = file.text or ""
    return found


def items(reports: list[ProgramReport], code: str) -> list[tuple[str, Item]]:
    return [
        (os.path.basename(file.source.path), item)
        for report in reports
        for file in report.files
        for item in file.items
        if item.code == code
    ]


@pytest.mark.parametrize("forks", [False, True])
def test_programs_that_agree_change_together(tmp_path: Path, forks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "REPAYS", 1 if forks else 10**9)
    reports = migrate(tmp_path, engine=ENGINE, finetune=FINETUNE, train=TRAIN)
    (report,) = [x for x in reports if x.entries]
    assert [os.path.basename(entry) for entry in report.entries] == ["finetune.py", "train.py"]
    after = texts(reports)
    assert set(after) == {"engine", "finetune", "train"}
    assert "def train_one_epoch(model, loader, optimizer, device, accelerator):" in after["engine"]
    assert "    accelerator.backward(loss)\n" in after["engine"]
    assert ".to(device)" not in after["engine"]
    for script in ("finetune", "train"):
        assert "train_one_epoch(model, loader, optimizer, device, accelerator)" in after[script]
    assert not items(reports, "MIG006")

    write.write_programs(reports)
    again = migrate(tmp_path, **after)
    assert not texts(again)


def test_one_that_is_refused_keeps_all_from_changing(tmp_path: Path) -> None:
    reports = migrate(tmp_path, engine=ENGINE, early=TRAIN + REFUSED, finetune=FINETUNE, train=TRAIN)
    assert not texts(reports)
    ((file, item),) = items(reports, "MIG006")
    assert file == "engine.py"
    assert ENGINE.splitlines()[item.line - 1].startswith("def train_one_epoch")
    assert "early.py" in item.message
    assert items(reports, "MIG910")


def test_a_script_that_does_not_train_keeps_all_from_changing(tmp_path: Path) -> None:
    predict = "from engine import train_one_epoch\n\nprint(train_one_epoch.__doc__)\n"
    reports = migrate(tmp_path, engine=ENGINE, finetune=FINETUNE, predict=predict, train=TRAIN)
    assert not texts(reports)
    assert any("predict.py" in item.reason for _, item in items(reports, "MIG301"))


def test_a_call_that_is_never_made_keeps_all_from_changing(tmp_path: Path) -> None:
    idle = TRAIN.replace(CALL, "def main():\n    " + CALL + LOOP)
    reports = migrate(tmp_path, engine=ENGINE, idle=idle, train=TRAIN)
    assert texts(reports).keys() == {"idle"}
    assert any("idle.py" in item.reason for _, item in items(reports, "MIG301"))


def test_each_changes_what_it_alone_runs(tmp_path: Path) -> None:
    engine = ENGINE + "\n\n" + ENGINE.replace("train_one_epoch", "tune_one_epoch")
    tune = FINETUNE.replace("train_one_epoch", "tune_one_epoch")
    reports = migrate(tmp_path, engine=engine, train=TRAIN, tune=tune)
    after = texts(reports)
    assert set(after) == {"engine", "train", "tune"}
    assert after["engine"].count("device, accelerator):") == 2
    assert after["engine"].count("accelerator.backward(loss)") == 2
    assert len([report for report in reports if report.entries]) == 1
    assert not [item for _, item in items(reports, "MIG301") if not item.applied]


def test_different_wishes_are_told_once_and_nothing_is_changed(tmp_path: Path) -> None:
    # its batches are tensors in a list, which nothing prepares: there the moves have to stay
    without_optimizer = TRAIN.replace(
        CALL, "batches = [(torch.randn(4, 4), torch.randn(4, 1))]\n" + CALL.replace("loader", "batches")
    )
    reports = migrate(tmp_path, without_optimizer=without_optimizer, engine=ENGINE, train=TRAIN)
    assert not texts(reports)
    ((file, item),) = items(reports, "MIG006")
    assert file == "engine.py"
    assert "train.py needs this code changed" in item.message
    assert "without_optimizer.py also runs it" in item.message
    assert not [item for report in reports for file in report.files for item in file.items if item.applied]


def test_a_finding_in_a_shared_file_is_told_once(tmp_path: Path) -> None:
    summing = (
        ENGINE.replace("    for x", "    total = 0.0\n    for x", 1)
        + "        total += loss.item()\n    print(total)\n"
    )
    reports = migrate(tmp_path, engine=summing, finetune=FINETUNE, train=TRAIN)
    assert texts(reports)
    assert len(items(reports, "MIG603")) == 1
