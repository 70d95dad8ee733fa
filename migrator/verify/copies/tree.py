"""What belongs to a project: the files that are copied, and what is used in place."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from migrator.errors import UsageError

PREFIX = "migrate-verify-"  # of scratch folders, which may lie in the project's own tree

# What tools keep for themselves, and nothing that a program reads.
_TOOLS = frozenset(
    (
        *(".git", ".hg", ".svn", ".jj"),
        *("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".pytype", ".pyre", ".hypothesis"),
        *(".tox", ".nox", ".eggs", "node_modules", ".direnv", ".ipynb_checkpoints"),
    )
)
_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")  # what a virtual environment holds


@dataclass(frozen=True, slots=True)
class File:
    """A regular file or a folder; paths are relative to the root."""

    path: str
    mode: int
    mtime_ns: int
    size: int = 0
    device: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of a copy."""

    path: str
    target: str  # relative where it leads to something that is copied


@dataclass(frozen=True)
class Tree:
    """A project, as one walk has found it."""

    root: str  # a real path
    shared: Sequence[str] = ()  # what is used in place by wish, relative to the root
    folders: Sequence[File] = ()  # those above first, the root excluded
    files: Sequence[File] = ()
    links: Sequence[Link] = ()  # that lead to what is copied
    outside: Sequence[Link] = ()  # that lead out of it: used in place, by absolute paths
    left_out: Sequence[tuple[str, str]] = ()  # what cannot be copied, and why

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder, or lies in it."""
    return path == folder or path.startswith(os.path.join(folder, ""))


def shown(path: str) -> str:
    """Give a path so that any terminal can print it."""
    return os.fsencode(path).decode("utf-8", "replace")


# ------------------------------------------------------------ the walk


def read_tree(root: str, shared: Iterable[str] = ()) -> Tree:
    """Walk through a project once.

    Args:    root: a real path. shared: files and folders below it that are to be used in place; others are not copied anyway.
    Raises:  UsageError for one of these that does not exist, or that holds the project.
    """
    below = {path for place in shared if (path := _relative(place, root))}
    return _read(root, sorted(path for path in below if not _is_among(os.path.dirname(path), below)))


def read_again(tree: Tree) -> Tree:
    """Walk through a project."""
    return _read(tree.root, tree.shared)


def _relative(place: str, root: str) -> str | None:
    place = os.path.abspath(place)
    if not os.path.lexists(place):
        raise UsageError(f"--share {shown(place)} does not exist")
    place = os.path.join(os.path.realpath(os.path.dirname(place)), os.path.basename(place))
    path = os.path.relpath(place, root)
    if path == os.curdir or root.startswith(os.path.join(place, "")):
        raise UsageError(f"--share {shown(place)} holds the whole project; name a folder of data in it")
    return None if path.split(os.sep)[0] == os.pardir else path


class _Walk:
    """One way through all folders of a project; what vanishes meanwhile was never there."""

    def __init__(self, root: str, shared: frozenset[str]) -> None:
        self.root = root
        self.shared = shared
        self.folders: list[File] = []
        self.files: list[File] = []
        self.links: list[str] = []
        self.left_out: list[tuple[str, str]] = []
        self._dropped: set[str] = set()  # folders that are not entered

    def enter(self, start: str) -> None:
        """Look at everything below a folder."""
        todo = [start]
        while todo:
            folder = todo.pop()
            try:
                with os.scandir(os.path.join(self.root, folder)) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._leave_out(folder or os.curdir, error)
                continue
            if folder and any(entry.name in _ENVIRONMENT for entry in entries):
                self._dropped.add(folder)
                continue
            if folder:
                self._add(folder, self.folders)
            below = [path for entry in entries if (path := self._see(entry, os.path.join(folder, entry.name)))]
            todo.extend(reversed(below))

    def _see(self, entry: os.DirEntry[str], path: str) -> str | None:
        """Note one entry; give its path where it is a folder to enter."""
        if path in self.shared:
            return None
        if entry.is_symlink():
            self.links.append(path)
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in _TOOLS and not entry.name.startswith(PREFIX):
                return path
            self._dropped.add(path)
        elif entry.is_file(follow_symlinks=False):
            if os.access(entry.path, os.R_OK):
                self._add(path, self.files)
            else:
                self.left_out.append((path, "it cannot be read"))
        else:
            self.left_out.append((path, "it is not a file"))
        return None

    def _add(self, path: str, to: list[File]) -> None:
        with suppress(FileNotFoundError):
            state = os.lstat(os.path.join(self.root, path))
            size = 0 if stat.S_ISDIR(state.st_mode) else state.st_size
            to.append(File(path, state.st_mode, state.st_mtime_ns, size, state.st_dev))

    def _leave_out(self, path: str, error: OSError) -> None:
        self.left_out.append((path, f"it cannot be read ({error.strerror})"))
        self._dropped.add(path)

    def follow(self, path: str) -> tuple[Link, bool]:
        """Tell where a link is to lead in a copy, and whether that is out of it."""
        place = os.path.join(self.root, path)
        text, real = os.readlink(place), os.path.realpath(place)
        inside = os.path.relpath(real, self.root) if is_below(real, self.root) else None
        if inside is None or _is_among(inside, self._dropped):
            return Link(path, real), True
        folder = os.path.dirname(path)
        lexical = os.path.normpath(os.path.join(folder, text))
        if os.path.isabs(text) or lexical.split(os.sep)[0] == os.pardir:  # by way of the root's own name
            text = os.path.relpath(inside, folder or os.curdir)
        return Link(path, text), False


def _is_among(path: str, folders: Container[str]) -> bool:
    """Whether a relative path is one of these, or lies in one."""
    while path and path not in folders:
        path = os.path.dirname(path)
    return bool(path)


def _read(root: str, shared: Sequence[str]) -> Tree:
    walk = _Walk(root, frozenset(shared))
    walk.enter("")
    links: list[Link] = []
    outside: list[Link] = []
    for path in walk.links:
        with suppress(FileNotFoundError):
            link, leads_out = walk.follow(path)
            (outside if leads_out else links).append(link)
    return Tree(root, shared, walk.folders, walk.files, links, outside, walk.left_out)
