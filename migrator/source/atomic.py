"""Replacing files so that after a crash, a full disk or a second writer the old bytes are still there.

write    .name.1234-5f3a.migrate      the new bytes, flushed to the disk, with mode and owner of the old file
link     .name.1234-77c0.migrate-old  to the old file, where several are replaced together
check    name                         whether it still holds the bytes that were read
replace  name                         in one step, which the file system takes whole or not at all
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from migrator.errors import Unwritable

_T = TypeVar("_T")
_LEFTOVER = re.compile(r"\.(\d+)-[0-9a-f]+\.migrate$")
_ANYBODY = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_ADVICE = {
    errno.ENOSPC: "make room on the disk, and run again",
    errno.EDQUOT: "make room on the disk, and run again",
    errno.EACCES: "make the file and its folder writable, and run again",
    errno.EPERM: "make the file and its folder writable, and run again",
    errno.EROFS: "its file system is read-only",
    errno.ENOENT: "it was there when it was read; run again",
}


@dataclass(slots=True)
class _Change:
    """One file on its way from old to new bytes."""

    path: str  # as the user wrote it
    data: bytes
    expected: bytes
    target: str = ""  # what all links lead to
    new: str = ""  # beside it, with the new bytes
    old: str = ""  # beside it, with the old ones
    has_old: bool = False


def replace(path: str, data: bytes, expected: bytes) -> None:
    """Replace the bytes of a file, all or nothing; of a link, those of the file that it leads to.

    Args:    expected: the bytes that were read from it.
    Raises:  Unwritable when it holds other bytes by now, is read-only, or cannot be replaced; then it is as it was.
    """
    replace_all([(path, data, expected)])


def replace_all(changes: Sequence[tuple[str, bytes, bytes]]) -> None:
    """Replace several files together: should one fail, those already replaced are put back.

    Args:    changes: path, new bytes, and the bytes that were read.
    Raises:  Unwritable for the file that failed.
    """
    work = [_Change(*change) for change in changes]
    try:
        for change in work:
            _take(_prepare, change)
        for change in work:
            if len(work) > 1:
                _take(_keep_old, change)
            _take(_swap, change)
    except BaseException:
        _put_back(work)
        raise
    finally:
        _clean_up(work)


def _take(step: Callable[[_Change], None], change: _Change) -> None:
    """Take a step, or say in words what kept it from being taken."""
    try:
        step(change)
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "see that it can be written, and run again")
        raise Unwritable(change.path, f"cannot be replaced ({error.strerror or error}); {advice}") from error


# ---------------------------------------------------------------- forward


def _prepare(change: _Change) -> None:
    """Write the new bytes beside the file."""
    change.target = os.path.realpath(change.path)
    state = os.stat(change.target)
    if not stat.S_ISREG(state.st_mode):
        raise Unwritable(change.path, "is not a regular file; leave it out")
    if not state.st_mode & _ANYBODY or not os.access(change.target, os.W_OK):  # root may write what nobody may
        raise Unwritable(change.path, "is read-only; make it writable, and run again")
    _insist_unchanged(change)
    _remove_leftovers(change.target)
    change.new = _beside(change.target, "migrate")
    _write(change.new, change.data, state)


def _keep_old(change: _Change) -> None:
    change.old = _beside(change.target, "migrate-old")
    try:
        os.link(change.target, change.old)
    except (OSError, NotImplementedError):  # a file system without hard links
        _write(change.old, change.expected, os.stat(change.target))
    change.has_old = True


def _swap(change: _Change) -> None:
    _insist_unchanged(change)
    os.replace(change.new, change.target)


def _insist_unchanged(change: _Change) -> None:
    with open(change.target, "rb", buffering=0) as file:
        if file.read() != change.expected:
            raise Unwritable(change.path, "was changed by someone else in the meantime; run again")


def _beside(target: str, ending: str) -> str:
    """Give a name in the same folder; known before the file is made, so that it can be removed whatever happens."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:200]}.{os.getpid()}-{os.urandom(4).hex()}.{ending}")


def _write(path: str, data: bytes, state: os.stat_result) -> None:
    """Write a new file with the mode and, where that is allowed, the owner of an old one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if hasattr(os, "chown") and (state.st_uid, state.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.chown(path, state.st_uid, state.st_gid)
    os.chmod(path, stat.S_IMODE(state.st_mode))  # after the owner: changing that may clear bits


# ---------------------------------------------------------------- back


def _put_back(work: Sequence[_Change]) -> None:
    """Undo swaps; where none has happened yet, that changes nothing.

    Raises:  Unwritable that says where the old bytes are, when they cannot be put back.
    """
    lost: Unwritable | None = None
    for change in work:
        if change.has_old:
            try:
                _persist(_restore, change)
            except OSError as error:
                message = f"was replaced and could not be put back ({error.strerror}); its old text is in {change.old}"
                lost, change.old = Unwritable(change.path, message), ""
    if lost is not None:
        raise lost


def _restore(change: _Change) -> None:
    with suppress(FileNotFoundError):  # done already, and then interrupted
        os.replace(change.old, change.target)


def _clean_up(work: Sequence[_Change]) -> None:
    interruption = None
    for path in (path for change in work for path in (change.new, change.old) if path):
        with suppress(OSError):  # what cannot be removed is no reason to call the work failed
            interruption = _persist(_remove, path) or interruption
    if interruption is not None:
        raise interruption


def _persist(step: Callable[[_T], None], argument: _T) -> BaseException | None:
    """Take a step even though it fails at first, or Ctrl-C comes in between; gives what interrupted it."""
    interruption = None
    for is_last in (False, False, True):
        try:
            step(argument)
            break
        except OSError:  # a virus scanner may hold a file for a moment
            if is_last:
                raise
        except BaseException as caught:
            interruption = caught
    return interruption


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _remove_leftovers(target: str) -> None:
    """Remove what a process that was killed has left beside a file."""
    folder, name = os.path.split(target)
    for path in glob.glob(os.path.join(glob.escape(folder), f".{glob.escape(name[:200])}.*.migrate")):
        found = _LEFTOVER.search(path)
        if found and not _is_running(int(found[1])):
            with suppress(OSError):
                _remove(path)


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return True  # there, asking with `os.kill` would end it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
