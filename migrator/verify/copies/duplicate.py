"""A copy of a project: what of it must be copied byte by byte, whether that is not too much, and the doing."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from shutil import disk_usage

from migrator.errors import Unverifiable
from migrator.verify.copies.clone import can_clone, copy_file
from migrator.verify.copies.tree import File, Tree, is_below, shown

LIMIT = 1 << 30  # bytes of a copy that share no blocks with the project


def _copy(source: str, destination: str, left: int) -> int:
    try:
        return copy_file(source, destination, left)
    except FileNotFoundError:
        return 0  # it has gone since the walk; the fingerprint will say so
    except OSError as error:
        reason = "it grew past the limit" if error.errno == errno.EFBIG else error.strerror
        raise Unverifiable(f"{shown(source)} cannot be copied to {shown(destination)}: {reason}") from error


def _link(target: str, path: str) -> None:
    try:
        os.symlink(target, path, target_is_directory=os.path.isdir(os.path.join(os.path.dirname(path), target)))
    except OSError as error:
        raise Unverifiable(f"{shown(path)} cannot be made a link to {shown(target)}: {error.strerror}") from error


def files_to_copy(tree: Tree, folder: str) -> list[File]:
    """List the files that share no blocks with their copies in a folder: one of each file system is tried."""
    clones: dict[int, bool] = {}
    for file in tree.files:
        if file.size and file.device not in clones:
            clones[file.device] = can_clone(os.path.join(tree.root, file.path), folder)
    return [file for file in tree.files if file.size and not clones[file.device]]


def largest(files: list[File]) -> tuple[str, int]:
    """Give the folder, or the file, that most of some files' bytes lie in, as far down as one holds three quarters of them."""
    here, size = "", sum(file.size for file in files)
    while True:
        sizes: dict[str, int] = {}
        for file in files:
            if file.path != here and is_below(file.path, here):
                rest = os.path.relpath(file.path, here or os.curdir)
                child = os.path.join(here, rest.split(os.sep)[0])
                sizes[child] = sizes.get(child, 0) + file.size
        if not sizes:
            return here, size
        child = max(sizes, key=lambda path: sizes[path])
        if here and sizes[child] * 4 < size * 3:
            return here, size
        here, size = child, sizes[child]


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def _as_typed(path: str) -> str:
    here = os.path.relpath(path)
    return path if here.split(os.sep)[0] == os.pardir else here


def _refuse_too_much(tree: Tree, plain: list[File], folder: str, limit: int) -> None:
    total = sum(file.size for file in plain)
    if total > limit:
        path, size = largest(plain)
        name = shlex.quote(shown(_as_typed(os.path.join(tree.root, path))))
        raise Unverifiable(
            f"{shown(tree.root)} holds {_bytes(total)} that would have to be copied byte by byte, more than {_bytes(limit)}; "
            f"{_bytes(size)} of it lies in {name}. Use that in place with --share {name}, move it out of the project "
            "and put a link there, or set TMPDIR to a folder on the project's own file system, if that can copy on "
            "write (btrfs, XFS, APFS)."
        )
    free = disk_usage(folder).free
    if total > free:
        raise Unverifiable(
            f"{folder} has room for {_bytes(free)}, and a copy of {shown(tree.root)} takes {_bytes(total)}; "
            "set TMPDIR to a folder with more room."
        )


def copy_tree(tree: Tree, destination: str, limit: int = LIMIT) -> None:
    """Copy a project to a new folder, with permissions and times; what is used in place is linked.

    Args:    limit: bytes that may be copied where the file system cannot share blocks.
    Raises:  Unverifiable where there are more, before anything is copied, or where there is no room.
    """
    plain = files_to_copy(tree, os.path.dirname(destination))
    _refuse_too_much(tree, plain, os.path.dirname(destination), limit)
    os.makedirs(destination, 0o700)
    for folder in tree.folders:
        os.mkdir(os.path.join(destination, folder.path), 0o700)
    left = limit
    for file in tree.files:
        left -= _copy(os.path.join(tree.root, file.path), os.path.join(destination, file.path), left)
    for link in (*tree.links, *tree.outside):
        _link(link.target, os.path.join(destination, link.path))
    for path in tree.shared:
        os.makedirs(os.path.dirname(os.path.join(destination, path)), exist_ok=True)  # it may lie in what is left out
        _link(os.path.join(tree.root, path), os.path.join(destination, path))
    for folder in reversed(tree.folders):  # those below first: a folder may be made read-only
        path = os.path.join(destination, folder.path)
        os.chmod(path, stat.S_IMODE(folder.mode) & 0o777)
        os.utime(path, ns=(folder.mtime_ns, folder.mtime_ns))
