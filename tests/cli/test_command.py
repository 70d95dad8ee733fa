"""The command on the real engine: preview, apply, undo, run again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrator.cli.command import command
from migrator.errors import Exit

TRAIN = """\
import torch
from torch import nn
from torch.utils.data import DataLoader

from data import dataset  # größer

model = nn.Linear(4, 3).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset, batch_size=32)
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x.cuda()), y.cuda())
    loss.backward()
    optimizer.step()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN, encoding="utf-8", newline="")
    return tmp_path


def migrate(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, args, input=stdin)


def patch(data: bytes, *flags: str) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    subprocess.run(["patch", "-p0", "--batch", *flags], input=data, capture_output=True, check=True)


def test_the_preview_as_a_patch_gives_what_write_writes(folder: Path) -> None:
    preview = migrate("train.py")
    assert preview.exit_code == 1
    patch(preview.stdout_bytes)
    patched = (folder / "train.py").read_bytes()
    (folder / "train.py").write_text(TRAIN, encoding="utf-8", newline="")
    written = migrate("train.py", "--write", "--diff")
    assert written.exit_code == 0
    assert written.stdout_bytes == preview.stdout_bytes
    assert (folder / "train.py").read_bytes() == patched
    assert b"accelerator.backward(loss)" in patched
    patch(written.stdout_bytes, "-R")
    assert (folder / "train.py").read_text(encoding="utf-8") == TRAIN


@pytest.mark.parametrize("flags", [[], ["--ignore", "MIG004"]], ids=["gate on", "gate off"])
def test_a_second_run_has_nothing_to_do(flags: list[str], folder: Path) -> None:
    assert migrate("train.py", "--write").exit_code == 0
    written = (folder / "train.py").read_bytes()
    assert migrate("train.py", "--check", *flags).exit_code == 0
    assert migrate("train.py", "--write", *flags).exit_code == 0
    assert (folder / "train.py").read_bytes() == written


def test_the_targets_differ_in_the_import_alone(folder: Path) -> None:
    texts = [migrate("-", "--write", "--target", target, stdin=TRAIN.encode()) for target in ("runtime", "accelerate")]
    ours, theirs = (result.stdout for result in texts)
    assert ours.replace("from runtime import", "from accelerate import") == theirs != ours


@pytest.mark.parametrize("shadow", ["runtime.py", "runtime/__init__.py"])
def test_a_shadow_is_an_error_before_anything_is_written(shadow: str, folder: Path) -> None:
    (folder / shadow).parent.mkdir(exist_ok=True)
    (folder / shadow).touch()
    result = migrate(".", "--write")
    assert result.exit_code == 2, result.stderr
    assert "use --target accelerate" in result.stderr
    assert (folder / "train.py").read_text(encoding="utf-8") == TRAIN
    assert migrate(".", "--write", "--target", "accelerate").exit_code == 0
    assert "from accelerate import Accelerator" in (folder / "train.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_standard_input_gives_the_bytes_that_write_writes(encoding: str, newline: str, folder: Path) -> None:
    data = f"# coding: {encoding}\n{TRAIN}".replace("\n", newline).encode(encoding)
    (folder / "train.py").write_bytes(data)
    piped = migrate("-", "--write", "--stdin-filename", "train.py", stdin=data)
    assert piped.exit_code == 0
    assert migrate("train.py", "--write").exit_code == 0
    assert piped.stdout_bytes == (folder / "train.py").read_bytes()
    assert "größer".encode(encoding) in piped.stdout_bytes


def test_roles_are_told_of_a_program_in_several_files(folder: Path) -> None:
    (folder / "fit.py").write_text("class Fitter:\n    def fit(self, net):\n        self.net = net\n")
    script = TRAIN.replace("\nmodel", "\nfrom fit import Fitter\n\nmodel", 1) + "Fitter().fit(model)\n"
    (folder / "train.py").write_text(script, encoding="utf-8")
    result = migrate("train.py", "--roles")
    assert result.exit_code == 0, result.stderr
    assert "fit.py:2: net  model: made by `" in result.stdout
    assert "fit.py:3: self.net  model: " in result.stdout


@pytest.mark.parametrize("entry", ['"zoo.build" = "modell"', '"zoo build" = "model"', '"zoo.build" = 3'])
def test_an_entry_that_says_nothing_is_an_error_of_the_configuration(entry: str, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.migrate.makes]\n{entry}\n")
    result = migrate("train.py")
    assert result.exit_code == Exit.USAGE
    assert "[tool.migrate.makes]" in result.output
