"""Which folder is copied for a script."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.errors import Unverifiable
from migrator.verify.copies.root import find_root


@dataclass(frozen=True)
class Case:
    name: str
    root: str
    marks: tuple[str, ...] = ()
    script: str = "home/work/project/tools/train.py"
    paths: tuple[str, ...] = ()
    cwd: str = "home/work/project"


CASES = [
    Case("the repository around the script", "home/work/project", ("home/work/project/.git",)),
    Case("a worktree has a file .git", "home/work/project", ("home/work/project/.git",), cwd="home/work/project/tools"),
    Case("the nearest package", "home/work/project", ("home/work/project/setup.py", "home/work/pyproject.toml")),
    Case(
        "the repository around a package",
        "home/work",
        ("home/work/.git", "home/work/project/pyproject.toml"),
    ),
    Case("the folder around all, without a mark", "home/work/project", paths=("home/work/project/lib",)),
    Case("the folder where it is run, without a mark", "home/work", cwd="home/work"),
    Case("the project, when run from among many", "home/work/project", ("home/work/project/.git",), cwd="home/work"),
    Case(
        "paths beside the project",
        "home/work",
        ("home/work/project/.git",),
        paths=("home/work/library/engine.py",),
        cwd="home/work",
    ),
    Case("a home that is a repository is no project", "home/work/project", ("home/.git",)),
    Case("home does not become one by what is run there", "home/work/project/tools", cwd="home"),
    Case("nor by what is migrated there", "home/work/project", paths=("home/other/x.py",)),
    Case("a folder of temporary files", "temporary/x", script="temporary/x/train.py", cwd="temporary"),
    Case("a folder elsewhere", "data", script="data/a/train.py", cwd="data/b"),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_root(case: Case, place: Path) -> None:
    for path in (*case.marks, case.script, *(path for path in case.paths if path.endswith(".py"))):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).touch()
    for path in (case.cwd, *(path for path in case.paths if not path.endswith(".py"))):
        (place / path).mkdir(parents=True, exist_ok=True)
    paths = [str(place / path) for path in case.paths]
    assert find_root(str(place / case.script), paths, str(place / case.cwd)) == str(place / case.root)


@pytest.mark.parametrize("folder", ["home", "temporary", "."])
def test_a_script_right_in_a_folder_of_everything_is_refused(folder: str, place: Path) -> None:
    with pytest.raises(Unverifiable, match=r"train.py lies directly in .* move the program"):
        find_root(str(place / folder / "train.py"), [], str(place / folder))


def test_a_script_that_is_a_link_belongs_to_where_it_lies(place: Path) -> None:
    for folder in ("data/a", "data/b"):
        (place / folder).mkdir(parents=True)
        (place / folder / ".git").touch()
    (place / "data/a/train.py").touch()
    (place / "data/b/train.py").symlink_to(place / "data/a/train.py")
    (place / "data/c").symlink_to(place / "data/b")
    assert find_root(str(place / "data/c/train.py"), [], str(place / "data/c")) == str(place / "data/b")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = Path(os.path.realpath(tmp_path))
    for name in ("home", "temporary"):
        (place / name).mkdir()
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.setenv("USERPROFILE", str(place / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(place / "temporary"))
    return place
