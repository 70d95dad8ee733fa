"""What is put into a copy never reaches the user's files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.errors import Unverifiable
from migrator.verify.copies.duplicate import copy_tree
from migrator.verify.copies.fingerprint import find_changes, take_fingerprint
from migrator.verify.copies.overlay import make_way, put, put_link, where, write_files
from migrator.verify.copies.tree import read_tree


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project whose parts lie in several places, with links between them."""
    place = Path(os.path.realpath(tmp_path))
    for path in (
        "project/train.py",
        "project/src/model.py",
        "project/data/read.py",
        "away/engine.py",
        "away/deep/x.py",
    ):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text("old")
    (place / "project/engine.py").symlink_to("../away/engine.py")
    (place / "project/away").symlink_to("../away")
    (place / "project/model.py").symlink_to("src/model.py")
    (place / "alias").symlink_to("project")
    return place


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("project/train.py", "train.py"),
        ("project/src/../train.py", "train.py"),
        ("alias/train.py", "train.py"),
        ("project/new.py", "new.py"),
        ("project/model.py", "src/model.py"),
        ("project/engine.py", "engine.py away/engine.py"),
        ("away/engine.py", "engine.py away/engine.py"),
        ("project/away/engine.py", "engine.py away/engine.py"),
        ("project/away/deep/x.py", "away/deep/x.py"),
        ("away/deep/x.py", "away/deep/x.py"),
        ("project/data/read.py", "data/read.py"),
    ],
)
def test_write(path: str, written: str, place: Path) -> None:
    before = {name: contents(place / name) for name in ("project", "away")}
    tree = read_tree(str(place / "project"), [str(place / "project/data")])
    earlier = take_fingerprint(tree)
    copy_tree(tree, str(place / "copy"))
    write_files(str(place / "copy"), tree, {str(place / path): b"new"})
    assert {name: contents(place / name) for name in ("project", "away")} == before
    assert not find_changes(tree, earlier)
    new = {path for path, text in contents(place / "copy").items() if text == "new"}
    through_links = {str(path.relative_to(place / "copy")) for path in (place / "copy").glob("model.py")}
    assert new - (through_links if "src/model.py" in new else set()) == set(written.split())


def test_a_program_stays_one(place: Path) -> None:
    (place / "project/train.py").chmod(0o755)
    (place / "project/src/model.py").chmod(0o440)
    (place / "project/src").chmod(0o550)
    tree = read_tree(str(place / "project"))
    copy_tree(tree, str(place / "copy"))
    write_files(
        str(place / "copy"), tree, {str(place / "project" / path): b"new" for path in ("train.py", "src/model.py")}
    )
    modes = {path: (place / "copy" / path).stat().st_mode & 0o777 for path in ("train.py", "src/model.py", "src")}
    assert modes == {"train.py": 0o755, "src/model.py": 0o440, "src": 0o550}
    assert (place / "copy/src/model.py").read_text() == "new"
    for name in ("project", "copy"):
        (place / name / "src").chmod(0o750)


def test_what_is_elsewhere_is_refused(place: Path) -> None:
    tree = read_tree(str(place / "project"))
    (place / "other").mkdir()
    with pytest.raises(Unverifiable, match=r"other/x.py is not in the project .*; run the command"):
        where(str(place / "copy"), tree, str(place / "other/x.py"))


def test_way_is_made(tmp_path: Path) -> None:
    root, away = tmp_path / "copy", tmp_path / "away"
    for folder in (root / "folder/deep", away):
        folder.mkdir(parents=True)
    (root / "folder/deep/file").touch()
    (root / "file").touch()
    (away / "kept").touch()
    (root / "out").symlink_to(away)
    (root / "nowhere").symlink_to(tmp_path / "missing")
    (root / "folder").chmod(0o500)
    put(str(root), "folder", b"new", 0o644)
    put(str(root), "file/deep/new", b"new", 0o644)
    put(str(root), "nowhere/new", b"new", 0o644)
    put_link(str(root), "out/new", "kept")
    make_way(str(root), "out/kept")
    assert contents(root) == {"folder": "new", "file/deep/new": "new", "nowhere/new": "new"}
    assert sorted(os.listdir(root / "out")) == ["new"]
    assert os.listdir(away) == ["kept"]
    assert not (tmp_path / "missing").exists()
