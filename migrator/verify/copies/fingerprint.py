"""Check that a project was not changed: its files before and after the runs."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass

from migrator.verify.copies.tree import File, Tree, is_below, read_again

_READ_BYTES = 1 << 30  # that are hashed, the smallest files first; the rest is known by size, times and inode
_MOST_FILES = 1_000_000  # that are looked at of what is used in place
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Mark:
    """What a file is known by."""

    kind: int  # type and permissions
    identity: tuple[int, ...]  # size, times and inode
    content: str = ""  # a digest of every byte, or where a link leads; empty where it was not read

    def is_like(self, other: Mark) -> bool:
        """Whether nothing was changed in between; by content, where both were read."""
        if self.kind != other.kind:
            return False
        if self.content and other.content:
            return self.content == other.content
        return self.identity == other.identity


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """All files of a project and of what it uses in place, at one time."""

    marks: dict[str, Mark]  # by path, relative to the root where it lies below it
    unseen: tuple[str, ...] = ()  # folders used in place that hold the project, or more files than are looked at


def _to_read(files: Iterable[File]) -> set[str]:
    found, total = set(), 0
    for file in sorted(files, key=lambda file: file.size):
        total += file.size
        if total > _READ_BYTES:
            break
        found.add(file.path)
    return found


def _mark(path: str, read: bool) -> Mark:
    state = os.lstat(path)
    if not stat.S_ISREG(state.st_mode):
        return Mark(state.st_mode, ())
    identity = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
    content = ""
    if read:
        with suppress(PermissionError):  # taken away since the walk, which the mode says
            content = _digest(path)
    return Mark(state.st_mode, identity, content)


def _digest(path: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _used_in_place(tree: Tree) -> list[str]:
    shared = (os.path.join(tree.root, path) for path in tree.shared)
    places = dict.fromkeys(os.path.realpath(place) for place in (*(link.target for link in tree.outside), *shared))
    return [place for place in places if os.path.lexists(place)]


def _mark_all(place: str, root: str, marks: dict[str, Mark]) -> bool:
    """Mark a file, or all that a folder holds, by size, times and inode; whether that was all."""
    if is_below(root, place):
        return False  # maybe the whole disk
    for number, path in enumerate(_below(place)):
        if number == _MOST_FILES:
            return False
        with suppress(OSError):  # what may not be looked at cannot be used
            marks[os.path.relpath(path, root) if is_below(path, root) else path] = _mark(path, read=False)
    return True


def _below(path: str) -> Iterator[str]:
    yield path
    for folder, folders, files in os.walk(path):
        folders.sort()
        yield from (os.path.join(folder, name) for name in (*folders, *sorted(files)))


def _take(tree: Tree, read: Set[str]) -> Fingerprint:
    marks: dict[str, Mark] = {}
    for file in (*tree.folders, *tree.files):
        with suppress(FileNotFoundError):  # it has gone since the walk
            marks[file.path] = _mark(os.path.join(tree.root, file.path), file.path in read)
    for link in (*tree.links, *tree.outside):
        marks[link.path] = Mark(stat.S_IFLNK, (), link.target)
    unseen = [place for place in _used_in_place(tree) if not _mark_all(place, tree.root, marks)]
    return Fingerprint(marks, tuple(unseen))


def take_fingerprint(tree: Tree) -> Fingerprint:
    """Look at every file that is copied or used in place, on the disk."""
    tree = read_again(tree)
    return _take(tree, _to_read(tree.files))


def find_changes(tree: Tree, earlier: Fingerprint) -> list[str]:
    """Name the files of a project that have changed, come or gone since."""
    before = earlier.marks
    after = _take(read_again(tree), {path for path, mark in before.items() if mark.content}).marks
    return sorted(
        path
        for path in before.keys() | after.keys()
        if path not in before or path not in after or not before[path].is_like(after[path])
    )
