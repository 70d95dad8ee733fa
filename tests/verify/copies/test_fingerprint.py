"""No change of the user's files goes unseen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.verify.copies import fingerprint
from migrator.verify.copies.fingerprint import find_changes, take_fingerprint
from migrator.verify.copies.tree import read_tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = Path(os.path.realpath(tmp_path)) / "project"
    for path in ("train.py", "pkg/model.py", "data/one.bin", "data/deep/two.bin"):
        write(project / path, path)
    return project


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def overwrite(path: Path, text: str) -> None:
    """Write to a file in place, and take its time back."""
    state = path.stat()
    with path.open("r+") as file:
        file.write(text)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def relink(path: Path) -> None:
    path.unlink()
    path.symlink_to("data/one.bin")


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda project: None, []),
    "a byte, and the time taken back": (lambda project: overwrite(project / "data/one.bin", "X"), ["data/one.bin"]),
    "only the time": (lambda project: os.utime(project / "train.py", (1, 1)), []),
    "permissions": (lambda project: (project / "train.py").chmod(0o700), ["train.py"]),
    "a new file": (lambda project: write(project / "new/file"), ["new", "new/file"]),
    "a file is gone": (lambda project: (project / "train.py").unlink(), ["train.py"]),
    "a link leads elsewhere": (lambda project: relink(project / "link"), ["link"]),
    "what tools keep": (lambda project: write(project / "__pycache__/train.pyc"), []),
    "a byte of what is shared": (lambda project: overwrite(project / "shared/deep/x.bin", "X"), ["shared/deep/x.bin"]),
    "a new file in what is shared": (lambda project: write(project / "shared/y.bin"), ["shared/y.bin"]),
    "what a link leads to": (lambda project: overwrite(project.parent / "away/z.bin", "X"), ["{away}/z.bin"]),
}


@pytest.mark.parametrize("by_content", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_changes(name: str, by_content: bool, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not by_content:
        monkeypatch.setattr(fingerprint, "_READ_BYTES", 0)
    write(project / "shared/deep/x.bin", "x" * 100)
    write(project.parent / "away/z.bin", "z")
    (project / "link").symlink_to("train.py")
    (project / "away").symlink_to("../away")
    tree = read_tree(str(project), [str(project / "shared")])
    earlier = take_fingerprint(tree)
    assert not earlier.unseen
    change, expected = CHANGES[name]
    change(project)
    if name == "only the time" and not by_content:
        expected = ["train.py"]  # nothing else is known of it
    assert find_changes(tree, earlier) == [path.format(away=project.parent / "away") for path in expected]


def test_small_files_are_read_first(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "large.bin", "x" * 1000)
    monkeypatch.setattr(fingerprint, "_READ_BYTES", 100)
    tree = read_tree(str(project))
    marks = take_fingerprint(tree).marks
    assert [path for path, mark in marks.items() if not mark.content] == ["data", "data/deep", "pkg", "large.bin"]
    earlier = take_fingerprint(tree)
    write(project / "large.bin", "")  # now the smallest: it is still compared by what is known of it
    assert find_changes(tree, earlier) == ["large.bin"]


def test_a_link_to_a_folder_around_the_project_is_not_followed(project: Path) -> None:
    (project / "up").symlink_to("..")
    assert take_fingerprint(read_tree(str(project))).unseen == (str(project.parent),)


def test_only_so_much_is_looked_at_of_what_is_used_in_place(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "_MOST_FILES", 2)
    assert take_fingerprint(read_tree(str(project), [str(project / "data")])).unseen == (str(project / "data"),)


def test_files_that_vanish_while_they_are_read_have_gone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = read_tree(str(project))
    earlier = take_fingerprint(tree)
    digest = fingerprint._digest

    def vanish(path: str) -> str:
        Path(path).unlink()
        return digest(path)

    monkeypatch.setattr(fingerprint, "_digest", vanish)
    assert find_changes(tree, earlier) == ["data/deep/two.bin", "data/one.bin", "pkg/model.py", "train.py"]
