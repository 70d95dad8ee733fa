"""A script in a copy asks git for its commit, and what it writes there is not the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.verify.copies.repository import copy_repository
from migrator.verify.copies.scratch import Scratch
from migrator.verify.copies.tree import read_tree
from tests.verify.copies.git import commit, git, state_of, write


@pytest.fixture(params=["project", 'odd "näme\\', "name\nof two lines"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    project = Path(os.path.realpath(tmp_path)) / request.param
    write(project / "train.py", "first")
    git(project.parent, "init", "--quiet", request.param)
    commit(project)
    git(project, "tag", "v1")
    git(project, "gc", "--quiet")
    write(project / "train.py", "second")
    commit(project)
    git(project, "update-index", "--split-index")
    write(project / "train.py", "edited")
    return project


QUESTIONS = (
    "rev-parse HEAD",
    "rev-parse --abbrev-ref HEAD",
    "describe --tags",
    "log --format=%H",
    "diff",
    "status --short",
)


def answers(folder: Path) -> dict[str, str]:
    return {question: git(folder, *question.split()) for question in QUESTIONS}


def test_git_answers_as_in_the_project(project: Path) -> None:
    before = answers(project)
    state = state_of(project / ".git")
    with Scratch(read_tree(str(project)), str(project)) as scratch:
        copy = Path(scratch.copy("original"))
        assert answers(copy) == before
        assert git(copy, "rev-parse", "--show-toplevel") == f"{copy}\n"
        write(copy / "train.py", "third")
        commit(copy)
        git(copy, "gc", "--quiet")
        assert answers(copy)["log --format=%H"].endswith(before["log --format=%H"])
    assert state_of(project / ".git") == state
    assert answers(project) == before


def test_a_worktree_and_a_submodule(project: Path) -> None:
    allowed = ("-c", "protocol.file.allow=always")
    git(project, "worktree", "add", "--quiet", "-b", "branch", "../other")
    outer = project.parent / "outer"
    git(project.parent, "init", "--quiet", "outer")
    git(outer, *allowed, "submodule", "--quiet", "add", str(project), "library")
    for folder in (project.parent / "other", outer / "library"):
        write(folder / "train.py", "third")
        before = answers(folder)
        copy = project.parent / f"copy of {folder.name}"
        write(copy / "train.py", "third")
        copy_repository(str(folder), str(copy))
        assert answers(copy) == before


@pytest.mark.parametrize("content", [None, "gitdir: /nowhere", ""])
def test_no_repository(content: str | None, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "copy").mkdir()
    if content is not None:
        (tmp_path / "project/.git").write_text(content)
    copy_repository(str(tmp_path / "project"), str(tmp_path / "copy"))
    assert not os.listdir(tmp_path / "copy")
