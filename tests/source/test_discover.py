from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.errors import UsageError
from migrator.source.files import discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plant(root: Path, *names: str, **texts: str) -> None:
    """Make empty files; a name that ends in a slash is a folder."""
    for name in names:
        path = root / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_text(texts.get(name, ""), encoding="utf-8")


def ignore(root: Path, folder: str, text: str) -> None:
    (root / folder / ".gitignore").write_text(text, encoding="utf-8")


def found(*paths: str, exclude: tuple[str, ...] = (), force_exclude: bool = False) -> list[str]:
    return [path.replace(os.sep, "/") for path in discover(paths, exclude, force_exclude)]


def test_a_folder_gives_its_python_files_in_the_order_of_names(tree: Path) -> None:
    plant(tree, "src/b.py", "src/a.pyw", "src/a/z.py", "src/c.txt", "src/d.pyc", "src/.hidden.py", "other.py")
    assert found("src") == ["src/.hidden.py", "src/a/z.py", "src/a.pyw", "src/b.py"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src", "src/a.py"),
        ("src/", "src/a.py"),
        ("./src", "./src/a.py"),
        (".", "src/a.py"),
        ("src/../src", "src/../src/a.py"),
    ],
)
def test_paths_are_written_as_the_user_wrote_them(tree: Path, path: str, expected: str) -> None:
    plant(tree, "src/a.py")
    assert found(path) == [expected]


def test_an_absolute_path_stays_absolute(tree: Path) -> None:
    plant(tree, "src/a.py")
    assert discover([str(tree / "src")]) == [str(tree / "src" / "a.py")]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tree: Path) -> None:
    plant(tree, "script", "build/a.py", "b.py")
    ignore(tree, "", "b.py\n")
    plant(tree, ".git/")
    assert found("script", "build/a.py", "b.py", exclude=("*.py",)) == ["script", "build/a.py", "b.py"]


def test_excluding_by_force_holds_for_named_files_too(tree: Path) -> None:
    plant(tree, "a.py", "src/b.py", "c.py")
    assert found("a.py", "src/b.py", "c.py", exclude=("/a.py", "src/"), force_exclude=True) == ["c.py"]


def test_the_folders_of_tools_are_skipped_unless_they_are_named(tree: Path) -> None:
    tools = [
        ".git",
        ".venv",
        "venv",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
    ]
    plant(
        tree, "a.py", "environment/c.py", *(f"{tool}/b.py" for tool in tools), *(f"src/{tool}/b.py" for tool in tools)
    )
    assert found(".") == ["a.py", "environment/c.py"]
    assert found("build") == ["build/b.py"]


def test_no_file_comes_twice(tree: Path) -> None:
    plant(tree, "src/a.py", "src/b.py")
    assert found("src/b.py", "src", "./src/a.py", "src/../src/a.py") == ["src/b.py", "src/a.py"]


def test_a_path_that_does_not_exist_is_an_error(tree: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.py does not exist"):
        discover(["nowhere.py"])


GITIGNORES = [
    ("a name", {"": "a.py\n"}, ["b.py", "src/b.py", "src/deep/b.py"]),
    ("a name at the top only", {"": "/a.py\n"}, ["b.py", "src/a.py", "src/b.py", "src/deep/a.py", "src/deep/b.py"]),
    ("a folder", {"": "src/\n"}, ["a.py", "b.py"]),
    ("a folder further down", {"": "# why\n\nsrc/deep\n"}, ["a.py", "b.py", "src/a.py", "src/b.py"]),
    ("a pattern", {"": "**/[a].*\n"}, ["b.py", "src/b.py", "src/deep/b.py"]),
    ("all but one", {"": "*.py\n!b.py\n"}, ["b.py", "src/b.py", "src/deep/b.py"]),
    ("one in a folder", {"src": "a.py\n"}, ["a.py", "b.py", "src/b.py", "src/deep/b.py"]),
    (
        "the inner one counts",
        {"": "a.py\n", "src": "!a.py\n"},
        ["b.py", "src/a.py", "src/b.py", "src/deep/a.py", "src/deep/b.py"],
    ),
    (
        "not below a folder that is ignored",
        {"": "src/deep\n", "src/deep": "!*\n"},
        ["a.py", "b.py", "src/a.py", "src/b.py"],
    ),
    ("bytes that are no text", {"": "\udcff\na.py\n"}, ["b.py", "src/b.py", "src/deep/b.py"]),
]


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*rest, id=name) for name, *rest in GITIGNORES])
def test_gitignore_files_count_at_every_level(tree: Path, files: dict[str, str], expected: list[str]) -> None:
    plant(tree, ".git/", "a.py", "b.py", "src/a.py", "src/b.py", "src/deep/a.py", "src/deep/b.py")
    for folder, text in files.items():
        (tree / folder / ".gitignore").write_bytes(text.encode(errors="surrogateescape"))
    assert found(".") == expected
    assert found("src") == [path for path in expected if path.startswith("src/")]


def test_gitignore_files_above_count_up_to_the_root_of_the_repository(tree: Path) -> None:
    plant(tree, "repository/src/a.py", "repository/src/b.py", "repository/src/c.py")
    ignore(tree, "", "a.py\n")
    ignore(tree, "repository", "b.py\n")
    assert found("repository/src") == ["repository/src/a.py", "repository/src/b.py", "repository/src/c.py"]
    plant(tree, "repository/.git")
    assert found("repository/src") == ["repository/src/a.py", "repository/src/c.py"]


def test_what_is_excluded_is_seen_from_the_working_directory(tree: Path) -> None:
    plant(tree, "src/a.py", "src/b.py", "tests/a.py", "tests/data/c.py")
    assert found(".", exclude=("tests/data", "/src/a.py")) == ["src/b.py", "tests/a.py"]
    assert found("src", exclude=("/src/a.py",)) == ["src/b.py"]
    assert found(".", exclude=("*.py", "!b.py")) == ["src/b.py"]


def test_pathspec_is_imported_only_where_there_are_patterns(tree: Path) -> None:
    plant(tree, "a.py")
    code = "import sys; from migrator.source.files import discover; discover(['.']); print('pathspec' in sys.modules)"
    root = str(Path(__file__).parents[2])
    for expected in ("False", "True"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": root},
        )
        assert run.stdout.strip() == expected
        ignore(tree, "", "b.py\n")


def link(path: Path, target: str, is_folder: bool = False) -> None:
    try:
        path.symlink_to(target, target_is_directory=is_folder)
    except (OSError, NotImplementedError):
        pytest.skip("links cannot be made here")


def test_a_link_to_a_file_is_a_file_and_one_to_a_folder_is_not_followed(tree: Path) -> None:
    plant(tree, "src/a.py", "elsewhere/b.py", "elsewhere/c.py")
    link(tree / "src" / "link.py", "../elsewhere/b.py")
    link(tree / "src" / "again.py", "a.py")
    link(tree / "src" / "nowhere.py", "gone.py")
    link(tree / "src" / "folder", "../elsewhere", is_folder=True)
    assert found("src") == ["src/a.py", "src/link.py"]
    assert found("src/folder") == ["src/folder/b.py", "src/folder/c.py"]


def test_loops_of_links_end(tree: Path) -> None:
    plant(tree, "src/a.py")
    link(tree / "src" / "up", "..", is_folder=True)
    link(tree / "src" / "self.py", "self.py")
    assert found("src") == ["src/a.py"]
    assert found("src/up/src") == ["src/up/src/a.py"]


def test_a_folder_that_cannot_be_listed_is_left_to_whoever_opens_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tree, "a.py", "closed/b.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(".") == ["a.py", "closed"]


def test_what_is_no_file_is_no_python_file(tree: Path) -> None:
    plant(tree, "a.py", "b.py/c.py")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tree / "pipe.py")
    assert found(".") == ["a.py", "b.py/c.py"]
