"""What of a project is copied, and what is used in place."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.errors import UsageError
from migrator.verify.copies.tree import Link, read_tree, shown


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = Path(os.path.realpath(tmp_path)) / "project"
    for path in ("train.py", "pkg/model.py", "data/one.bin", "data/deep/two.bin"):
        write(project / path, path)
    return project


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(project: Path, *shared: str) -> set[str]:
    return {file.path for file in read_tree(str(project), [str(project / path) for path in shared]).files}


# ------------------------------------------------------------ what belongs to it


def test_files_and_folders(project: Path) -> None:
    (project / "empty").mkdir()
    tree = read_tree(str(project))
    assert [file.path for file in tree.files] == ["train.py", "data/one.bin", "data/deep/two.bin", "pkg/model.py"]
    assert [folder.path for folder in tree.folders] == ["data", "data/deep", "empty", "pkg"]
    assert tree.size == sum(len(file.path) for file in tree.files)


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".git/HEAD",
            "pkg/__pycache__/model.pyc",
            ".mypy_cache/x",
            "web/node_modules/x",
            "migrate-verify-abc/train.py",
        ),
        *("env/pyvenv.cfg", "env/lib/x.py", "conda/conda-meta/history"),
    ],
)
def test_what_tools_keep_is_left_out(path: str, project: Path) -> None:
    before = names(project)
    write(project / "env/pyvenv.cfg")
    write(project / path)
    assert names(project) == before


def test_what_is_no_file_is_left_out_and_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)  # the address of a socket is short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert list(read_tree(str(project)).left_out) == [("pipe", "it is not a file"), ("socket", "it is not a file")]


def test_what_may_not_be_read_is_left_out_and_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access, scandir = os.access, os.scandir
    monkeypatch.setattr(os, "access", lambda path, mode: not path.endswith("one.bin") and access(path, mode))
    monkeypatch.setattr(os, "scandir", failing_at("deep", scandir, PermissionError(13, "Permission denied")))
    tree = read_tree(str(project))
    assert list(tree.left_out) == [
        ("data/one.bin", "it cannot be read"),
        ("data/deep", "it cannot be read (Permission denied)"),
    ]
    assert {file.path for file in tree.files} == {"train.py", "pkg/model.py"}


def failing_at(end: str, scandir: Callable[..., object], error: OSError) -> Callable[[str], object]:
    def scan(path: str) -> object:
        if path.endswith(end):
            raise error
        return scandir(path)

    return scan


@pytest.mark.parametrize("end", ["one.bin", "model.py"])
def test_what_vanishes_during_the_walk_was_never_there(
    end: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lstat = os.lstat

    def look(path: str) -> os.stat_result:
        if path.endswith(end):
            os.unlink(path)
        return lstat(path)

    everything = names(project)
    monkeypatch.setattr(os, "lstat", look)
    assert names(project) == {path for path in everything if not path.endswith(end)}


def test_a_folder_may_vanish(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", failing_at("data", os.scandir, FileNotFoundError()))
    tree = read_tree(str(project))
    assert {file.path for file in tree.files} == {"train.py", "pkg/model.py"}
    assert not tree.left_out


def test_names_that_are_no_text(project: Path) -> None:
    with open(os.path.join(os.fsencode(project), b"\xff\n.bin"), "wb"):
        pass
    (path,) = [file.path for file in read_tree(str(project)).files if "\n" in file.path]
    assert os.fsencode(path) == b"\xff\n.bin"
    assert shown(path) == "\ufffd\n.bin"


# ------------------------------------------------------------ links


@pytest.mark.parametrize(
    ("path", "text", "copied"),
    [
        ("latest", "data/one.bin", "data/one.bin"),
        ("pkg/up", "../data", "../data"),
        ("pkg/itself", "itself", "itself"),
        ("pkg/round", "..", ".."),
        ("missing", "nowhere/x", "nowhere/x"),
        ("chain", "chain2", "chain2"),
        ("absolute", "{root}/data/one.bin", "data/one.bin"),
        ("pkg/absolute", "{root}/data", "../data"),
        ("pkg/by_name", "../../project/data", "../data"),
        ("to_the_root", "{root}", "."),
    ],
)
def test_links_that_stay_inside(path: str, text: str, copied: str, project: Path) -> None:
    (project / path).symlink_to(text.format(root=project))
    tree = read_tree(str(project))
    assert list(tree.links) == [Link(path, copied)]
    assert not tree.outside


@pytest.mark.parametrize("text", ["{away}", "../away", "../away/x.bin", "/nowhere/at/all", ".git/config", "env/lib"])
def test_links_that_leave_lead_where_they_led(text: str, project: Path) -> None:
    write(project.parent / "away/x.bin")
    write(project / ".git/config")
    write(project / "env/pyvenv.cfg")
    (project / "link").symlink_to(text.format(away=project.parent / "away"))
    tree = read_tree(str(project))
    assert list(tree.outside) == [Link("link", os.path.realpath(project / "link"))]
    assert not tree.links


def test_circles_of_links_end(project: Path) -> None:
    (project / "a").symlink_to("b")
    (project / "b").symlink_to("a")
    (project / "data/round").symlink_to("../data")
    assert {link.path for link in read_tree(str(project)).links} == {"a", "b", "data/round"}


# ------------------------------------------------------------ shared folders


def test_shared_folders_are_not_entered(project: Path) -> None:
    assert names(project, "data") == {"train.py", "pkg/model.py"}
    assert names(project, "data/one.bin") == {"train.py", "pkg/model.py", "data/deep/two.bin"}
    (project / "data/deep/link").symlink_to("../one.bin")
    tree = read_tree(str(project), [str(project / path) for path in ("data/deep", "data", "data/deep/")])
    assert list(tree.shared) == ["data"]
    assert not tree.links


def test_shared_folders_elsewhere_are_not_copied_anyway(project: Path) -> None:
    (project.parent / "away").mkdir()
    assert not read_tree(str(project), [str(project.parent / "away")]).shared


@pytest.mark.parametrize(
    ("path", "reason"), [("dat", "does not exist"), (".", "whole project"), ("..", "whole project")]
)
def test_shared_folders_that_make_no_sense(path: str, reason: str, project: Path) -> None:
    with pytest.raises(UsageError, match=rf"^--share .*{reason}"):
        read_tree(str(project), [str(project / path)])
