"""Which files a command line means: those it names, and the Python files in the folders that it names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_ENDINGS = (".py", ".pyw")
_SKIPPED = frozenset(
    (
        *(".git", ".hg", ".svn"),
        *(".venv", "venv", "node_modules", "site-packages", "__pycache__", "__pypackages__", ".direnv"),
        *("build", "dist", ".eggs"),
        *(".tox", ".nox", ".cache", ".hypothesis", ".mypy_cache", ".pyre", ".pytest_cache", ".pytype", ".ruff_cache"),
        *(".idea", ".vscode", ".ipynb_checkpoints"),
    )
)


def discover(paths: Iterable[str], exclude: Sequence[str] = (), force_exclude: bool = False) -> list[str]:
    """Find the files to migrate.

    A file that is named is taken, whatever its name. In folders, ``.gitignore`` files count (those above the folder up
    to the root of the repository, too), the folders of tools are skipped, and links to folders are not followed.

    Args:    exclude: patterns in the syntax of ``.gitignore``, as seen from the working directory.
             force_exclude: whether they hold for the files that are named, too.
    Returns: each file once, in the order of the paths and of names, written as its path was written.
    Raises:  UsageError for a path that does not exist.
    """
    excluded = _Rules(_specification(exclude), os.path.realpath(".")) if exclude else None
    found: dict[str, str] = {}
    for path in paths:
        for real, name in _find(path, excluded, force_exclude):
            found.setdefault(os.path.normcase(real), name)
    return list(found.values())


def _find(path: str, excluded: _Rules | None, force_exclude: bool) -> Iterator[tuple[str, str]]:
    """Give the files that one path stands for, by their real path and as the user would write them."""
    real = os.path.realpath(path)
    if os.path.isdir(path):
        rules = [*_rules_above(real), *([excluded] if excluded else [])]
        yield from _walk(real, "" if path == os.curdir else path, rules)
    elif not os.path.lexists(path):
        raise UsageError(f"{path} does not exist; give a Python file or a folder")
    elif not (force_exclude and excluded and excluded.verdict(os.path.abspath(path), is_folder=False)):
        yield real, path


def _walk(folder: str, shown: str, rules: list[_Rules]) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield folder, shown or os.curdir  # whoever opens it says why that cannot be done
        return
    if any(entry.name == ".gitignore" for entry in ordered):
        rules = [*_rules_of(folder), *rules]
    for entry in ordered:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if name not in _SKIPPED and not _is_ignored(entry.path, True, rules):
                yield from _walk(entry.path, os.path.join(shown, name), rules)
        elif name.endswith(_ENDINGS) and _is_file(entry) and not _is_ignored(entry.path, False, rules):
            yield os.path.realpath(entry.path) if entry.is_symlink() else entry.path, os.path.join(shown, name)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself
        return False


# ---------------------------------------------------------------- patterns


@dataclass(frozen=True, slots=True)
class _Rules:
    """Patterns, and the folder that they are seen from."""

    specification: GitIgnoreSpec
    folder: str

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether a path is ignored; None where no pattern matches."""
        start = len(os.path.join(self.folder, ""))
        if not path.startswith(os.path.join(self.folder, "")):
            return None
        inner = path[start:].replace(os.sep, "/")
        return self.specification.check_file(f"{inner}/" if is_folder else inner).include


def _is_ignored(path: str, is_folder: bool, rules: list[_Rules]) -> bool:
    """Ask the innermost ``.gitignore`` first: what it says counts."""
    for rule in rules:
        verdict = rule.verdict(path, is_folder)
        if verdict is not None:
            return verdict
    return False


def _rules_above(folder: str) -> list[_Rules]:
    """Read the ``.gitignore`` files between a folder and the root of its repository."""
    found: list[_Rules] = []
    inner = folder
    while not os.path.lexists(os.path.join(inner, ".git")):
        outer = os.path.dirname(inner)
        if outer == inner:
            return []  # no repository
        found += _rules_of(outer)
        inner = outer
    return found


def _rules_of(folder: str) -> list[_Rules]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="surrogateescape") as file:
            return [_Rules(_specification(file), folder)]
    except OSError:
        return []


def _specification(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # most runs never need it

    return GitIgnoreSpec.from_lines(lines)
