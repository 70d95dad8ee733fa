"""A copy is taken back to a revision, and the repository is only read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.errors import Unverifiable, UsageError
from migrator.verify.copies.duplicate import copy_tree
from migrator.verify.copies.fingerprint import find_changes, take_fingerprint
from migrator.verify.copies.revision import restore
from migrator.verify.copies.tree import Tree, read_tree
from tests.verify.copies.git import commit, git, state_of, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one commit."""
    project = Path(os.path.realpath(tmp_path)) / "project"
    for path in ("train.py", "pkg/model.py", "gone.py"):
        write(project / path, "old")
    write(project / ".gitignore", "data/\n")
    write(project / "data/ignored.bin", "data")
    git(project, "init", "--quiet")
    commit(project)
    return project


def at(project: Path, revision: str = "HEAD", folder: str = ".", shared: str = "") -> Path:
    """A copy of the project, taken back."""
    root = project / folder
    tree = read_tree(str(root.resolve()), [str(project / path) for path in shared.split()])
    earlier, repository = take_fingerprint(tree), state_of(project / ".git")
    copy = project.parent / "copy"
    copy_tree(tree, str(copy))
    assert restore(str(copy), tree, revision) == ()
    assert not find_changes(tree, earlier)
    assert state_of(project / ".git") == repository
    return copy


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


OLD = {".gitignore": "data/\n", "data/ignored.bin": "data", "train.py": "old", "pkg/model.py": "old", "gone.py": "old"}


def test_as_it_is(project: Path) -> None:
    assert contents(at(project)) == OLD


@pytest.mark.parametrize("committed", [True, False])
def test_changed_new_and_deleted_files(committed: bool, project: Path) -> None:
    (project / "train.py").write_text("migrated")
    (project / "gone.py").unlink()
    write(project / "new/engine.py", "migrated")
    write(project / "data/ignored.bin", "other data")
    git(project, "add", "new")
    if committed:
        commit(project)
    write(project / "untracked.txt", "stays")
    copy = at(project, "HEAD~1" if committed else "HEAD")
    assert contents(copy) == {**OLD, "data/ignored.bin": "other data", "untracked.txt": "stays"}


def test_kinds_of_files(project: Path) -> None:
    (project / "run.sh").write_text("#!/bin/sh")
    (project / "run.sh").chmod(0o755)
    (project / "link").symlink_to("pkg")
    (project / "out").symlink_to("../elsewhere")
    (project / "was_file").write_text("text")
    write(project / "was_folder/file", "text")
    commit(project)
    (project / "run.sh").chmod(0o644)
    for name in ("link", "out", "was_file"):
        (project / name).unlink()
    (project / "was_folder/file").unlink()
    (project / "was_folder").rmdir()
    (project / "was_folder").symlink_to("pkg")
    write(project / "link/now_a_folder", "text")
    write(project / "was_file/now_a_folder", "text")
    copy = at(project)
    assert os.access(copy / "run.sh", os.X_OK)
    assert os.readlink(copy / "link") == "pkg"
    assert os.readlink(copy / "out") == str(project.parent / "elsewhere")
    assert (copy / "was_file").read_text() == "text"
    assert (copy / "was_folder/file").read_text() == "text"
    assert sorted(os.listdir(copy / "pkg")) == ["model.py"]


def test_bytes_are_those_of_the_repository(project: Path) -> None:
    data = b"\xff\r\n\0last"
    (project / "bytes").write_bytes(data)
    (project / "none").write_bytes(b"")
    odd = os.path.join(os.fsencode(project), b"\xff\n odd.py")
    with open(odd, "wb") as file:
        file.write(b"odd")
    commit(project)
    for path in (os.fsencode(project / "bytes"), os.fsencode(project / "none"), odd):
        with open(path, "wb") as file:
            file.write(b"other")
    copy = at(project)
    assert (copy / "bytes").read_bytes() == data
    assert (copy / "none").read_bytes() == b""
    with open(os.path.join(os.fsencode(copy), b"\xff\n odd.py"), "rb") as file:
        assert file.read() == b"odd"


def test_filters_are_not_run_on_what_comes_back_nor_undo_what_is_the_same(project: Path) -> None:
    """As with LFS: the repository holds something else than the disk."""
    write(project / ".gitattributes", "*.big filter=swap\n")
    git(project, "config", "filter.swap.clean", "tr a b")
    git(project, "config", "filter.swap.smudge", "tr b a")
    write(project / "same.big", "aaa")
    write(project / "changed.big", "aaa")
    commit(project)
    os.utime(project / "same.big", (1, 1))
    write(project / "changed.big", "ccc")
    copy = at(project)
    assert (copy / "same.big").read_text() == "aaa"
    assert (copy / "changed.big").read_text() == "bbb"


def test_a_project_within_its_repository(project: Path) -> None:
    (project / "pkg/model.py").write_text("migrated")
    (project / "train.py").write_text("migrated")
    assert contents(at(project, folder="pkg")) == {"model.py": "old"}


def test_a_worktree(project: Path) -> None:
    git(project, "worktree", "add", "--quiet", "--detach", "../other")
    other = project.parent / "other"
    (other / "train.py").write_text("migrated")
    tree = read_tree(str(other))
    copy_tree(tree, str(project.parent / "copy"))
    restore(str(project.parent / "copy"), tree, "HEAD")
    assert (project.parent / "copy/train.py").read_text() == "old"


def test_a_shared_folder_stays_as_it_is(project: Path) -> None:
    write(project / "shared/a", "old")
    write(project / "shared/b", "old")
    commit(project)
    write(project / "shared/a", "new")
    write(project / "shared/c", "new")
    git(project, "add", "shared")
    copy = at(project, shared="shared")
    assert contents(copy / "shared") == {"a": "old", "b": "old"}
    assert contents(project / "shared") == {"a": "new", "b": "old", "c": "new"}


def test_submodules_are_named(project: Path) -> None:
    library = project.parent / "library"
    write(library / "x.py", "x")
    git(library, "init", "--quiet")
    commit(library)
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "library")
    commit(project)
    commit(project / "library")
    tree = read_tree(str(project))
    copy_tree(tree, str(project.parent / "copy"))
    assert restore(str(project.parent / "copy"), tree, "HEAD") == ("library",)
    assert (project.parent / "copy/library/x.py").read_text() == "x"


def test_the_environment_and_settings_do_not_matter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_PAGER", "false")
    for variable in ("GIT_DIR", "GIT_WORK_TREE"):
        with monkeypatch.context() as patch:
            patch.delenv("GIT_DIR")
            patch.delenv("GIT_WORK_TREE")
            settings = {
                "diff.external": "false",
                "core.pager": "false",
                "diff.renames": "copies",
                "diff.noprefix": "true",
            }
            for name, value in {**settings, "core.fsmonitor": "false", "core.quotePath": "true"}.items():
                git(project, "config", name, value)
        assert variable in os.environ
    (project / "gone.py").rename(project / "renamed.py")
    assert contents(at(project)) == {**OLD, "renamed.py": "old"}  # never added, so it stays


# ------------------------------------------------------------ errors


def refused(tree: Tree, revision: str = "HEAD") -> str:
    with pytest.raises((UsageError, Unverifiable)) as caught:
        restore(tree.root, tree, revision)
    return str(caught.value)


@pytest.mark.parametrize("revision", ["missing", "--all", "-x", "", "HEAD:train.py", "HEAD~5"])
def test_a_revision_that_is_none(revision: str, project: Path) -> None:
    said = refused(read_tree(str(project)), revision)
    assert said == f"--against {revision}: no such commit in the repository of {project}; `git log` lists them."


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    said = refused(read_tree(os.path.realpath(tmp_path)))
    assert "is not in a git repository (fatal: not a git repository" in said


def test_no_git(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert refused(read_tree(str(project))) == "--against needs git, and there is none on the PATH; install it."


@pytest.mark.parametrize("deleted", [True, False])
def test_a_repository_that_is_broken(deleted: bool, project: Path) -> None:
    name = git(project, "rev-parse", "HEAD:train.py").strip()
    (project / "train.py").write_text("migrated")
    if deleted:
        (project / "train.py").unlink()
    for path in ("train.py", "pkg/model.py", "gone.py"):
        assert git(project, "rev-parse", f"HEAD:{path}").strip() == name  # all hold the same
    (project / ".git/objects" / name[:2] / name[2:]).unlink()
    said = refused(read_tree(str(project)))
    assert f"the object {name} is missing" in said if deleted else f"unable to read {name}" in said
