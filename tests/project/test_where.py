"""Wherever the command is run, the same is migrated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline, scan
from tests.programs.oracle.script import Script, scripts

SCRIPTS = [script for script in scripts() if any("/" in name for name, _ in script.before.files)]


def handled(folder: Path, names: list[str], start: Path, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str, int]]:
    monkeypatch.chdir(start)
    paths = [os.path.relpath(folder / name, start) for name in names]
    reports = pipeline.run(scan.candidates(paths), Settings())
    return {
        (Path(file.source.path).resolve().relative_to(folder).as_posix(), item.code, item.line)
        for report in reports
        for file in report.files
        for item in file.items
    }


@pytest.mark.parametrize("script", [pytest.param(one, id=one.name) for one in SCRIPTS])
def test_the_same_is_migrated(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path.resolve() / "project"
    (folder / ".git").mkdir(parents=True)
    script.before.write(folder)
    names = [name for name, _ in script.before.files if name.endswith(".py")]
    right = handled(folder, names, folder, monkeypatch)
    assert right
    for start in {(folder / name).parent for name in names} | {tmp_path, folder / ".git"}:
        assert handled(folder, names, start, monkeypatch) == right, start


def test_a_package_is_found_from_a_script_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the root of the project on PYTHONPATH, as researchers run the scripts of theirs."""
    folder = tmp_path.resolve() / "project"
    files = {
        "engine/__init__.py": "",
        "engine/trainer.py": (
            "import torch\n\n\ndef fit(model, loader):\n"
            "    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
            "    for x in loader:\n        optimizer.zero_grad()\n        model(x).sum().backward()\n        optimizer.step()\n"
        ),
        "projects/adder/adder.py": (
            "import torch\nfrom torch.utils.data import DataLoader\n\nfrom engine.trainer import fit\n\n"
            "model = torch.nn.Linear(1, 1)\nfit(model, DataLoader(torch.ones(8, 1), batch_size=2))\n"
        ),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".git").mkdir()
    right = handled(folder, list(files), folder, monkeypatch)
    assert ("engine/trainer.py", "MIG301", 8) in right
    assert handled(folder, list(files), folder / "projects" / "adder", monkeypatch) == right
