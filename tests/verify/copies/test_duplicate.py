"""A copy is like the project, as cheap as the file system lets it be, and never larger than allowed."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from io import FileIO
from pathlib import Path

import pytest

from migrator.errors import Unverifiable
from migrator.verify.copies import clone as clones
from migrator.verify.copies import duplicate
from migrator.verify.copies.clone import can_clone, copy_file
from migrator.verify.copies.duplicate import copy_tree, files_to_copy, largest
from migrator.verify.copies.tree import File, read_tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = Path(os.path.realpath(tmp_path)) / "project"
    for path in ("train.py", "pkg/model.py", "data/one.bin", "data/deep/two.bin"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(path * 10)
    return project


@pytest.fixture
def no_clones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "clone", lambda origin, copy: False)


@pytest.fixture
def all_clones(monkeypatch: pytest.MonkeyPatch) -> None:
    def clone(origin: FileIO, copy: FileIO) -> bool:
        copy.write(origin.read())
        return True

    monkeypatch.setattr(clones, "clone", clone)


def copied(project: Path, *shared: str, limit: int = 1 << 20) -> Path:
    copy = project.parent / "copy"
    copy_tree(read_tree(str(project), [str(project / path) for path in shared]), str(copy), limit)
    return copy


def listed(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything below a folder, without following links."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        if path.is_symlink():
            found[str(path.relative_to(folder))] = (os.readlink(path),)
        else:
            content = path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(folder))] = (oct(state.st_mode), state.st_mtime_ns, content)
    return found


# ------------------------------------------------------------ likeness


@pytest.mark.parametrize("way", ["no_clones", "all_clones", "as it comes"])
def test_a_copy_is_like_the_project(way: str, project: Path, request: pytest.FixtureRequest) -> None:
    if way != "as it comes":
        request.getfixturevalue(way)
    (project / "empty").mkdir()
    (project / "nothing.txt").touch()
    (project / "link").symlink_to("pkg/model.py")
    (project / "run.sh").write_text("#!/bin/sh")
    (project / "run.sh").chmod(0o750)
    (project / "data/one.bin").chmod(0o440)
    with open(os.path.join(os.fsencode(project), b"\xff.bin"), "wb") as file:
        file.write(b"x")
    for path in project.rglob("*"):
        os.utime(path, ns=(1_000, 1_234_567_000), follow_symlinks=False)
    (project / "data/deep").chmod(0o550)  # nothing may be written there, and in the copy neither
    copy = copied(project)
    assert listed(copy) == listed(project)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    for folder in (project, copy):
        (folder / "data/deep").chmod(0o750)


def test_permissions_beyond_the_usual_are_not_kept(project: Path) -> None:
    (project / "train.py").chmod(0o4755)
    assert stat.S_IMODE((copied(project) / "train.py").stat().st_mode) == 0o755


def test_links_lead_where_they_are_to(project: Path) -> None:
    (project.parent / "away").mkdir()
    (project / "away").symlink_to("../away")
    (project / "absolute").symlink_to(project / "data")
    copy = copied(project)
    assert os.readlink(copy / "away") == str(project.parent / "away")
    assert os.path.realpath(copy / "absolute") == str(copy / "data")


def test_what_is_shared_is_linked(project: Path) -> None:
    (project / "env/lib").mkdir(parents=True)
    (project / "env/pyvenv.cfg").touch()
    copy = copied(project, "data", "env/lib", limit=500)
    assert os.readlink(copy / "data") == str(project / "data")
    assert os.readlink(copy / "env/lib") == str(project / "env/lib")


def test_what_has_vanished_since_the_walk_is_not_copied(project: Path) -> None:
    tree = read_tree(str(project))
    shutil.rmtree(project / "data")
    copy_tree(tree, str(project.parent / "copy"))
    assert sorted(path.name for path in (project.parent / "copy").rglob("*.*")) == ["model.py", "train.py"]


def test_a_file_that_cannot_be_read_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, destination: str, most: int) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(duplicate, "copy_file", refuse)
    with pytest.raises(Unverifiable, match=r"project/train.py cannot be copied to .*copy/train.py: Input/output error"):
        copied(project)


# ------------------------------------------------------------ limits


def test_too_much_is_refused_before_anything_is_copied(
    project: Path, no_clones: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with (project / "data/deep/huge file.bin").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Unverifiable) as caught:
        copied(project, limit=1 << 30)
    said = str(caught.value)
    assert f"{project} holds 1,024.0 GiB that would have to be copied byte by byte, more than 1.0 GiB" in said
    assert "1,024.0 GiB of it lies in 'data/deep/huge file.bin'" in said
    assert "--share 'data/deep/huge file.bin'" in said
    assert not (project.parent / "copy").exists()


def test_what_is_cloned_does_not_count(project: Path, all_clones: None) -> None:
    assert not files_to_copy(read_tree(str(project)), str(project.parent))
    assert listed(copied(project, limit=0)) == listed(project)


def test_what_turns_out_not_to_be_cloned_counts(
    project: Path, no_clones: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicate, "can_clone", lambda source, folder: True)  # it could, for the file that was tried
    with pytest.raises(Unverifiable, match="past the limit"):
        copied(project, limit=200)


def test_a_file_that_grew_counts(project: Path, no_clones: None) -> None:
    tree = read_tree(str(project))
    (project / "train.py").write_text("x" * 1000)
    with pytest.raises(Unverifiable, match=r"train.py cannot be copied .*: it grew past the limit"):
        copy_tree(tree, str(project.parent / "copy"), tree.size)


def test_a_disk_without_room_is_named(project: Path, no_clones: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 0, 10))  # type: ignore[attr-defined]
    with pytest.raises(
        Unverifiable, match=r"has room for 10 bytes, and a copy of .*project takes 490 bytes; set TMPDIR"
    ):
        copied(project)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"a/b/c/one": 6, "a/b/c/two": 5, "a/x": 3}, ("a/b/c", 11)),
        ({"a/b/one": 6, "a/c/one": 6}, ("a", 12)),
        ({"one": 6, "two": 5, "three": 5}, ("one", 6)),
        ({"a/one": 4, "ab/one": 5}, ("ab/one", 5)),
    ],
)
def test_where_most_of_it_lies(sizes: dict[str, int], expected: tuple[str, int]) -> None:
    assert largest([File(path, 0, 0, size) for path, size in sizes.items()]) == expected


# ------------------------------------------------------------ one file


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no longer a file"):
        copy_file(str(tmp_path / "pipe"), str(tmp_path / "copy"), 100)
    assert not (tmp_path / "copy").exists()


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(OSError):
        copy_file(str(tmp_path / "link"), str(tmp_path / "copy"), 100)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for name in ("file", "copy"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        copy_file(str(tmp_path / "file"), str(tmp_path / "copy"), 100)
    assert (tmp_path / "copy").read_text() == "copy"


def test_half_a_copy_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(origin: FileIO, copy: FileIO) -> bool:
        copy.write(b"half")
        raise KeyboardInterrupt

    (tmp_path / "file").write_text("text")
    monkeypatch.setattr(clones, "clone", interrupt)
    with pytest.raises(KeyboardInterrupt):
        copy_file(str(tmp_path / "file"), str(tmp_path / "copy"), 100)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_trying_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert can_clone(str(tmp_path / "file"), str(tmp_path)) in (True, False)
    assert not can_clone(str(tmp_path / "missing"), str(tmp_path))
    assert not can_clone(str(tmp_path / "file"), str(tmp_path / "missing"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_clone_is_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    if not can_clone(str(tmp_path / "file"), str(tmp_path)):
        pytest.skip("this file system cannot copy on write")
    assert copy_file(str(tmp_path / "file"), str(tmp_path / "copy"), 0) == 0
    with (tmp_path / "copy").open("r+b") as copy:
        copy.write(b"y")
    assert (tmp_path / "file").read_bytes() == b"x" * 100_000
    assert (tmp_path / "copy").read_bytes() == b"y" + b"x" * 99_999
