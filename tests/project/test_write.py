"""The files of a program are written together or not at all, whatever goes wrong, and the other programs are still done."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrator.cli.command import command
from migrator.errors import Distrusted
from migrator.plan import guard
from migrator.project import stability, write
from migrator.report.report import FileReport, ProgramReport
from migrator.source.edit import Edit
from migrator.source.module import Module
from migrator.source.text import make_source

BOM = b"\xef\xbb\xbf"
ENGINE = """\
# gr\xf6\xdfer
def train(model, loader, optimizer, device):
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = (model(x) - y).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
SCRIPT = """\
import torch
from torch.utils.data import DataLoader, TensorDataset
from {} import train

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(32, 4), torch.randn(32, 1)), batch_size=4)
model = torch.nn.Linear(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train(model, loader, optimizer, device)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two programs: one of three files, each with bytes of its own kind, and one of a single file."""
    monkeypatch.chdir(tmp_path)
    away = tmp_path / "away"
    away.mkdir()
    (away / "engine.txt").write_bytes(f"# coding: latin-1\n{ENGINE}".encode("latin-1"))
    try:
        (tmp_path / "engine.py").symlink_to("away/engine.txt")
    except (OSError, NotImplementedError):
        pytest.skip("links cannot be made here")
    (tmp_path / "train.py").write_bytes(BOM + SCRIPT.format("engine").replace("\n", "\r\n").encode())
    (tmp_path / "train.py").chmod(0o755)
    (away / "engine.txt").chmod(0o640)
    alone = SCRIPT.format("engine").replace("from engine import train\n", ENGINE.encode("ascii", "ignore").decode())
    (tmp_path / "zalone.py").write_text(alone)
    return tmp_path


def state(folder: Path) -> dict[str, tuple[bytes, int, bool]]:
    """Everything in a folder: bytes, mode, and whether it is a link."""
    found = sorted(path for path in folder.rglob("*") if not path.is_dir())
    return {
        str(path.relative_to(folder)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), path.is_symlink())
        for path in found
        if path.exists()
    }


def migrate(*flags: str) -> Result:
    return CliRunner().invoke(command, ["train.py", "engine.py", "zalone.py", "--write", *flags])


def test_bytes_of_every_kind_modes_and_links_are_kept(folder: Path) -> None:
    before = state(folder)
    result = migrate()
    assert result.exit_code == 0, result.stderr
    after = state(folder)
    assert {name: rest[1:] for name, rest in after.items()} == {name: rest[1:] for name, rest in before.items()}
    script, engine = after["train.py"][0], after["away/engine.txt"][0]
    assert script.startswith(BOM)
    assert script.count(b"\n") == script.count(b"\r\n") > before["train.py"][0].count(b"\n")
    assert "# gr\xf6\xdfer\n".encode("latin-1") in engine
    assert b"accelerator.backward(loss)" in engine


def fail(name: str, number: int, error: OSError) -> Callable[[Path, pytest.MonkeyPatch], None]:
    """Let one call to the system fail."""

    def prepare(folder: Path, patch: pytest.MonkeyPatch) -> None:
        original, count = getattr(os, name), iter(range(1, 1000))

        def call(*arguments: object) -> object:
            if next(count) == number:
                raise error
            return original(*arguments)

        patch.setattr(os, name, call)

    return prepare


def somehow(change: Callable[[Path], object]) -> Callable[[Path, pytest.MonkeyPatch], None]:
    """Let something happen to a file."""
    return lambda folder, patch: change(folder) and None


FULL = OSError(errno.ENOSPC, "No space left on device")
# What happens between reading and writing -> what is said about it.
TROUBLE: dict[str, tuple[Callable[[Path, pytest.MonkeyPatch], None], str]] = {
    "a read-only script": (
        somehow(lambda folder: (folder / "train.py").chmod(0o444)),
        "train.py:1:1: error: is read-only",
    ),
    "a read-only module": (
        somehow(lambda folder: (folder / "away/engine.txt").chmod(0o440)),
        "engine.py:1:1: error: is read-only",
    ),
    "a folder without a way in": (
        fail("open", 2, PermissionError(errno.EACCES, "Permission denied")),
        "(Permission denied); make the file and its folder writable",
    ),
    "a disk that gets full": (fail("write", 2, FULL), "make room on the disk"),
    "a first file that cannot be replaced": (fail("replace", 1, OSError(errno.EIO, "odd")), "cannot be replaced (odd)"),
    "a second file that cannot be replaced": (
        fail("replace", 2, OSError(errno.EIO, "odd")),
        "cannot be replaced (odd)",
    ),
    "a script that somebody else writes": (
        somehow(lambda folder: (folder / "train.py").write_text("theirs = 1\n")),
        "train.py:1:1: error: was changed by someone else in the meantime; run again",
    ),
    "a module that somebody else writes": (
        somehow(lambda folder: (folder / "engine.py").write_text("theirs = 1\n")),
        "engine.py:1:1: error: was changed by someone else in the meantime; run again",
    ),
    "a module that goes": (
        somehow(lambda folder: (folder / "away/engine.txt").unlink()),
        "it was there when it was read; run again",
    ),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_all_files_of_a_program_are_old_where_one_cannot_be_written(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, message = TROUBLE[name]
    write_programs, before = write.write_programs, {}

    def write_in_trouble(reports: list[ProgramReport]) -> list[ProgramReport]:
        with monkeypatch.context() as patch:
            prepare(folder, patch)
            before.update(state(folder))
            return write_programs(reports)

    monkeypatch.setattr(write, "write_programs", write_in_trouble)
    result = migrate()
    assert result.exit_code == 123, result.stderr
    assert message in result.stderr
    after = state(folder)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"zalone.py"}
    assert b"accelerator.backward(loss)" in after["zalone.py"][0]
    assert "Launch with `torchrun --nproc_per_node 2 zalone.py` or `python zalone.py`." in result.stderr


def refuse(name: str) -> Callable[[Module, str, Sequence[Edit]], Module]:
    """Check results as usual, but let that of one file fail."""
    check = guard.check

    def refusing(before: Module, text: str, edits: Sequence[Edit]) -> Module:
        if before.source.path == name:
            raise Distrusted(name, "INTERNAL ERROR: odd")
        return check(before, text, edits)

    return refusing


def test_a_program_with_a_result_that_fails_a_check_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(folder)
    monkeypatch.setattr(guard, "check", refuse("engine.py"))
    result = migrate()
    assert result.exit_code == 123, result.stderr
    assert "engine.py:1:1: error: INTERNAL ERROR: odd" in result.stderr
    assert {name for name, found in state(folder).items() if found != before[name]} == {"zalone.py"}


def change_again(name: str) -> Callable[..., bool]:
    """Say of one program that a second run would change its result."""
    return lambda entry, results, sources, migrated_together: entry.source.path == name


@pytest.mark.parametrize("is_kept", [False, True], ids=["from scratch", "from what a preview kept"])
def test_a_program_that_a_second_run_would_change_again_is_shown_but_not_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    monkeypatch.setenv("MIGRATE_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setattr(stability, "changes_again", change_again("train.py"))
    flags = () if is_kept else ("--no-cache",)
    preview = CliRunner().invoke(command, [*flags, "train.py", "engine.py", "zalone.py"])
    assert preview.exit_code == 1
    assert "+++ train.py" in preview.stdout
    before = state(folder)
    result = migrate("--output-format", "json", *flags)
    assert result.exit_code == 123, result.stderr
    assert "train.py:1:1: error: INTERNAL ERROR: a second run would change the result again" in result.stderr
    assert {name for name, found in state(folder).items() if found != before[name] and name.endswith(".py")} == {
        "zalone.py"
    }
    files = {file["path"]: file for file in json.loads(result.stdout)["files"]}
    assert [files[name]["changed"] for name in ("train.py", "engine.py", "zalone.py")] == [False, False, True]
    assert not any(item["applied"] for item in files["train.py"]["items"])


def test_standard_input_that_a_second_run_would_change_again_is_given_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stability, "changes_again", change_again("<stdin>"))
    text = (folder / "zalone.py").read_bytes()
    shown = CliRunner().invoke(command, ["-"], input=text)
    written = CliRunner().invoke(command, ["-", "--write"], input=text)
    assert (shown.exit_code, written.exit_code) == (1, 123)
    assert written.stdout_bytes == text


def test_text_without_bytes_in_its_encoding_stops_one_program_alone(tmp_path: Path) -> None:
    reports = []
    for name, new in (("a.py", "x = '\u20ac'\n"), ("b.py", "x = 2\n")):
        path = tmp_path / name
        path.write_text("x = 1\n")
        reports.append(ProgramReport((FileReport(make_source(str(path), "x = 1\n", "ascii"), (), new),)))
    first, second = write.write_programs(reports)
    assert "cannot be written in its own encoding" in first.problems[0].message
    assert first.files[0].text is None
    assert not second.problems
    assert [(tmp_path / name).read_text() for name in ("a.py", "b.py")] == ["x = 1\n", "x = 2\n"]
