"""Messages quote the code of their own place, and what an edit replaces is not reported as unchanged."""

from __future__ import annotations

from migrator.config import Settings
from migrator.project import pipeline
from migrator.report.report import FileReport
from migrator.rules.examples.frame import LOSS, MOVES, SETUP

NESTED = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

def main():
    model = nn.Linear(4, 1).to(device)
    if device.type == "cuda":
        model = nn.DataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(dataset)
    train(loader, model, optimizer)
    save({"state_dict": model.module.state_dict()}, "m.pt")

def save(state, path):
    torch.save(state, path)

def train(loader, model, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.to(device)), y.to(device)).backward()
        optimizer.step()

main()
"""


def migrated(script: str) -> FileReport:
    (file,) = pipeline.run_text(script, "train.py", Settings()).files
    assert file.text is not None
    return file


def messages(script: str, code: str) -> list[str]:
    return [item.message for item in migrated(script).items if item.code == code]


def test_a_loss_in_parentheses_is_shown_with_them() -> None:
    assert messages(LOSS.around("(loss / 4).backward()"), "MIG301") == [
        "Replace `(loss / 4).backward()` with `accelerator.backward(loss / 4)`"
    ]


def test_each_move_of_a_line_is_shown_with_its_own_text() -> None:
    assert messages(MOVES.around("x, y = x.to(device), y.to(device)"), "MIG103") == [
        "Remove `x.to(device)`: the prepared loader moves its batches",
        "Remove `y.to(device)`: the prepared loader moves its batches",
    ]


def test_each_branch_of_an_if_is_shown_with_its_own_text() -> None:
    line = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n'
    branches = (
        'if torch.cuda.is_available():\n    device = torch.device("cuda")\nelse:\n    device = torch.device("cpu")\n'
    )
    script = MOVES.around("x, y = x.to(device), y.to(device)").replace(line, branches)
    assert messages(script, "MIG101") == [
        'Replace `device = torch.device("cuda")` with `device = accelerator.device`',
        'Replace `device = torch.device("cpu")` with `device = accelerator.device`',
    ]


def test_an_attribute_that_an_edit_replaces_is_not_reported_as_unchanged() -> None:
    file = migrated(NESTED)
    assert "accelerator.unwrap_model(model).state_dict()" in (file.text or "")
    found = [item for item in file.items if item.code == "MIG504"]
    assert [item.applied for item in found] == [True]


def reasons(script: str, code: str) -> list[str]:
    return [item.reason for item in migrated(script).items if item.code == code]


def test_a_rank_that_is_read_from_the_environment_is_harmless_with_a_default_only() -> None:
    reads = 'import os\nos.environ["RANK"]\nos.getenv("RANK")\nos.environ.get("RANK", 0)'
    assert reasons(SETUP.around(reads), "MIG404") == [
        "without torchrun this raises a KeyError",
        "without torchrun this gives None",
        "harmless: torchrun sets it, and without torchrun the default is used",
    ]


def test_the_consequence_of_opening_a_file_follows_from_its_mode() -> None:
    opened = 'one = open("a.txt", "w")\ntwo = open("a.txt", mode="a")'
    assert reasons(SETUP.around(opened), "MIG505") == [
        "each process truncates the file and overwrites what the others wrote",
        "the lines of all processes are mixed",
    ]
