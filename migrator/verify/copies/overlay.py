"""Other files put into a copy of a project: never through a link that leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from migrator.errors import Unverifiable
from migrator.verify.copies.tree import Tree, is_below, shown


def where(root: str, tree: Tree, path: str) -> str:
    """Map an absolute path in the project to the copy with this root.

    Raises:  Unverifiable for a path elsewhere.
    """
    return _places(root, tree, path)[0]


def _places(root: str, tree: Tree, path: str) -> list[str]:
    """Every name that a file has in a copy: one outside of the project may be reached by several links."""
    path = os.path.abspath(path)
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    own = next((place for place in (path, real) if is_below(place, tree.root)), None)
    inside = [] if own is None else [os.path.relpath(own, tree.root)]
    real = os.path.realpath(path)
    linked = [
        os.path.join(one.path, os.path.relpath(real, one.target)) for one in tree.outside if is_below(real, one.target)
    ]
    found = dict.fromkeys(os.path.normpath(os.path.join(root, place)) for place in (*inside, *linked))
    if not found:
        raise Unverifiable(
            f"{shown(path)} is not in the project {shown(tree.root)}; run the command in a folder that holds both."
        )
    return list(found)


def write_files(root: str, tree: Tree, changes: Mapping[str, bytes]) -> None:
    """Put other bytes into files of the copy with this root.

    Args:    changes: by the absolute path of the file in the project.
    """
    root = os.path.realpath(root)
    for path, data in changes.items():
        mode = os.stat(path).st_mode if os.path.exists(path) else 0o644
        for place in _places(root, tree, path):
            real = os.path.realpath(place)  # a link stays one where it leads to another file of the copy
            put(root, os.path.relpath(real if is_below(real, root) else place, root), data, stat.S_IMODE(mode) & 0o777)


def put(root: str, path: str, data: bytes, mode: int) -> None:
    """Write a file in place of whatever stands there.

    Args:    path: relative to the copy's root.
    """
    place = make_way(root, path)
    with _writable(os.path.dirname(place)):
        with open(place, "xb") as file:
            file.write(data)
        os.chmod(place, mode)


def put_link(root: str, path: str, target: str) -> None:
    """Make a link in place of whatever stands there."""
    place = make_way(root, path)
    with _writable(os.path.dirname(place)):
        os.symlink(target, place)


def make_way(root: str, path: str) -> str:
    """Give a place in the copy where nothing stands, in a folder that is the copy's own.

    Folders that are missing are made; a link to a folder becomes a folder of links.
    """
    place = os.path.realpath(root)
    *folders, name = path.split(os.sep)
    for folder in folders:
        above, place = place, os.path.join(place, folder)
        with _writable(above):
            if os.path.islink(place):
                _unfold(place)
            elif not os.path.isdir(place):
                if os.path.lexists(place):
                    os.unlink(place)
                os.mkdir(place)
    above, place = place, os.path.join(place, name)
    if os.path.lexists(place):
        with _writable(above):
            _clear(place)
    return place


def _unfold(place: str) -> None:
    target = os.path.realpath(place)
    os.unlink(place)
    os.mkdir(place)
    if os.path.isdir(target):
        with os.scandir(target) as entries:
            for entry in entries:
                os.symlink(entry.path, os.path.join(place, entry.name), target_is_directory=entry.is_dir())


def _clear(place: str) -> None:
    if os.path.islink(place) or not os.path.isdir(place):
        os.unlink(place)
        return
    with _writable(place), os.scandir(place) as entries:
        for entry in list(entries):
            _clear(entry.path)
    os.rmdir(place)


@contextmanager
def _writable(folder: str) -> Iterator[None]:
    """Let a read-only folder be written for a moment."""
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    if mode & 0o300 == 0o300:
        yield
        return
    os.chmod(folder, mode | 0o300)
    try:
        yield
    finally:
        if os.path.isdir(folder):
            os.chmod(folder, mode)
