"""Of a folder with copies nothing stays, however its use ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from migrator.errors import Unverifiable
from migrator.verify.copies import scratch as scratches
from migrator.verify.copies.duplicate import LIMIT
from migrator.verify.copies.scratch import Scratch, find_place, remove
from migrator.verify.copies.tree import Tree, read_tree


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything is: a project, and a folder for temporary files."""
    place = Path(os.path.realpath(tmp_path))
    (place / "temporary").mkdir()
    (place / "project/pkg").mkdir(parents=True)
    (place / "project/train.py").write_text("import pkg")
    (place / "project/pkg/__init__.py").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(place / "temporary"))
    return place


@pytest.fixture
def tree(place: Path) -> Tree:
    return read_tree(str(place / "project"))


def left(place: Path) -> list[str]:
    return os.listdir(place / "temporary")


# ------------------------------------------------------------ copies


def test_copies_have_the_project_s_name_and_a_parent_of_their_own(tree: Tree, place: Path) -> None:
    with Scratch(tree, tree.root) as scratch:
        assert os.stat(scratch.folder).st_mode & 0o777 == 0o700
        assert os.path.dirname(scratch.folder) == str(place / "temporary")
        one, two = scratch.copy("original"), scratch.copy("migrated")
        assert [os.path.basename(root) for root in (one, two)] == ["project", "project"]
        assert os.path.dirname(one) != os.path.dirname(two)
        assert scratch.cwd(one) == one
        Path(one, "../beside.txt").write_text("x")
        scratch.drop("original")
        assert os.listdir(scratch.folder) == ["migrated"]
        assert Path(scratch.copy("original"), "train.py").read_text() == "import pkg"
    assert not left(place)


@pytest.mark.parametrize(
    ("cwd", "expected"), [("project/pkg", "run/project/pkg"), (".", "run"), ("..", "run"), ("/", "run")]
)
def test_the_script_runs_where_it_would(cwd: str, expected: str, tree: Tree, place: Path) -> None:
    with Scratch(tree, str(place / cwd)) as scratch:
        root = scratch.copy("run")
        assert scratch.cwd(root) == os.path.join(scratch.folder, expected)
        path = os.path.relpath(place / "project/train.py", os.path.realpath(place / cwd))
        assert Path(scratch.cwd(root), path).read_text() == "import pkg"


def test_a_working_folder_elsewhere_is_refused(tree: Tree, place: Path) -> None:
    with pytest.raises(Unverifiable, match=r"neither in the project .* nor above it"):
        Scratch(tree, str(place / "temporary"))


# ------------------------------------------------------------ the end


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_stays_after_an_error(error: type[BaseException], tree: Tree, place: Path) -> None:
    with pytest.raises(error), Scratch(tree, tree.root) as scratch:
        scratch.copy("original")
        raise error
    assert not left(place)


def test_nothing_stays_when_a_copy_is_refused(tree: Tree, place: Path) -> None:
    with pytest.raises(Unverifiable), Scratch(tree, tree.root, limit=-1) as scratch:
        scratch.copy("original")
    assert not left(place)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_an_exception_and_nothing_stays(number: signal.Signals, tree: Tree, place: Path) -> None:
    handler = signal.getsignal(number)
    with pytest.raises((KeyboardInterrupt, SystemExit)) as caught, Scratch(tree, tree.root) as scratch:
        scratch.copy("original")
        signal.raise_signal(number)
    assert not left(place)
    assert number == signal.SIGINT or caught.value.args == (128 + number,)
    assert signal.getsignal(number) is handler


def test_a_signal_that_is_ignored_stays_so(tree: Tree, place: Path) -> None:
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Scratch(tree, tree.root):
            signal.raise_signal(signal.SIGHUP)
        assert not left(place)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, handler)


def test_removing_is_not_interrupted(tree: Tree, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rmtree = shutil.rmtree

    def interrupted(folder: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        rmtree(folder)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises((KeyboardInterrupt, SystemExit)), Scratch(tree, tree.root) as scratch:
        scratch.copy("original")
    assert not left(place)
    assert signal.getsignal(signal.SIGTERM) is handler


PROGRAM = """\
import os, signal, sys
from migrator.verify.copies.scratch import Scratch
from migrator.verify.copies.tree import read_tree

scratch = Scratch(read_tree(sys.argv[1]), sys.argv[1], place=sys.argv[2]).__enter__()
scratch.copy("original")
if os.fork() == 0:
    sys.exit()  # a process of ours ends in its own way: the folder is not its own
os.wait()
print(os.listdir(scratch.folder))
sys.stdout.flush()
{}
"""


@pytest.mark.parametrize(
    "end", ["", "1 / 0", "os.kill(os.getpid(), signal.SIGTERM)", "signal.raise_signal(signal.SIGINT)"]
)
def test_nothing_stays_of_a_folder_that_was_not_left(end: str, place: Path) -> None:
    command = [sys.executable, "-c", PROGRAM.format(end), str(place / "project"), str(place / "temporary")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stdout == "['original']\n", ran.stderr
    assert (ran.returncode == 0) == (end == "")
    assert not left(place)


def test_another_thread_may_use_one(tree: Tree, place: Path) -> None:
    found: list[str] = []

    def use() -> None:
        with Scratch(tree, tree.root) as scratch:
            found.extend(os.listdir(scratch.copy("original")))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert sorted(found) == ["pkg", "train.py"]
    assert not left(place)


def test_what_is_read_only_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep/deeper").mkdir(parents=True)
    (tmp_path / "away").mkdir()
    (tmp_path / "away/file").touch()
    (folder / "deep/link").symlink_to(tmp_path / "away")
    (folder / "deep/deeper/file").touch()
    (folder / "deep/deeper/file").chmod(0o400)
    for path in ("deep/deeper", "deep", "."):
        (folder / path).chmod(0o500)
    (tmp_path / "away").chmod(0o500)
    remove(str(folder))
    assert not folder.exists()
    assert (tmp_path / "away").stat().st_mode & 0o777 == 0o500
    assert (tmp_path / "away/file").exists()
    (tmp_path / "away").chmod(0o700)


def test_what_is_written_meanwhile_is_removed_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    rmtree = shutil.rmtree
    errors = [OSError(39, "Directory not empty"), FileNotFoundError()]

    def busy(folder: str) -> None:
        if errors:
            raise errors.pop()
        rmtree(folder)

    monkeypatch.setattr(shutil, "rmtree", busy)
    monkeypatch.setattr(scratches, "_PAUSE_S", 0)
    remove(str(tmp_path / "folder"))
    assert not (tmp_path / "folder").exists()


def test_what_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    monkeypatch.setattr(scratches, "_PAUSE_S", 0)
    with pytest.raises(Unverifiable, match=r"folder cannot be removed \(Operation not permitted\)"):
        (tmp_path / "folder").mkdir()
        remove(str(tmp_path / "folder"))


# ------------------------------------------------------------ the place


@pytest.mark.parametrize(
    ("clones_to", "room_in", "expected"),
    [
        ("", "temporary cache", "temporary"),
        ("cache", "temporary cache", "cache"),
        ("temporary cache", "temporary cache", "temporary"),
        ("", "cache", "cache"),
        ("", "", "temporary"),
        ("cache", "", "cache"),
    ],
)
def test_where_copies_lie(
    clones_to: str, room_in: str, expected: str, tree: Tree, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def room(folder: str) -> object:
        return shutil._ntuple_diskusage(LIMIT, 0, LIMIT if Path(folder).name in room_in.split() else 0)  # type: ignore[attr-defined]

    monkeypatch.setenv("MIGRATE_CACHE_DIR", str(place / "cache"))
    monkeypatch.setattr(
        "migrator.verify.copies.duplicate.can_clone", lambda file, folder: Path(folder).name in clones_to.split()
    )
    monkeypatch.setattr(shutil, "disk_usage", room)
    assert find_place(tree) == str(place / expected)


def test_copies_do_not_lie_in_the_project(tree: Tree, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATE_CACHE_DIR", str(place / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(place / "project/pkg"))
    assert find_place(tree) == str(place / "cache")


def test_where_no_cache_can_be(tree: Tree, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATE_CACHE_DIR", str(place / "project/train.py/no"))
    assert find_place(tree) == str(place / "temporary")
