"""One file copied as cheaply as the file system can: sharing its blocks until one of the two is written, else byte by byte."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from io import FileIO

if sys.platform == "linux":
    import fcntl

_FICLONE = 0x40049409  # linux/fs.h: _IOW(0x94, 9, int)
_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def copy_file(source: str, destination: str, most: int) -> int:
    """Copy a regular file to a new one, with its permissions and its time.

    Args:    most: how many bytes may be copied one by one.
    Returns: how many were; 0 where the blocks are shared.
    Raises:  OSError: EFBIG where they are more than ``most``, others as the system tells; the new file is then gone.
    """
    # not blocking: a pipe may have come to stand there since
    with open(source, "rb", buffering=0, opener=lambda path, _: os.open(path, _READ)) as origin:
        state = os.fstat(origin.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, "it is no longer a file", source)
        with open(destination, "xb", buffering=0) as copy:
            try:
                copied = 0 if clone(origin, copy) else _copy_bytes(origin, copy, state.st_size, most)
            except BaseException:
                os.unlink(destination)
                raise
        os.chmod(destination, stat.S_IMODE(state.st_mode) & 0o777)
        os.utime(destination, ns=(state.st_atime_ns, state.st_mtime_ns))
    return copied


def clone(origin: FileIO, copy: FileIO) -> bool:
    """Let a new, empty file share the blocks of another, where the file system can."""
    try:
        if sys.platform == "linux":
            fcntl.ioctl(copy.fileno(), _FICLONE, origin.fileno())
            return True
        if sys.platform == "darwin":
            return _clone_on_mac(origin, copy)
    except OSError:  # there are many words for no: EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ETXTBSY, EPERM
        return False
    return False


def _clone_on_mac(origin: FileIO, copy: FileIO) -> bool:
    """APFS clones to a name, not into an open file: the empty file makes way and comes back where that fails."""
    library = ctypes.CDLL(None, use_errno=True)
    path = os.fsencode(copy.name)
    half = path + b".clone"
    if library.clonefile(os.fsencode(origin.name), half, 1):  # CLONE_NOFOLLOW
        return False
    os.replace(half, path)
    return True


def can_clone(source: str, folder: str) -> bool:
    """Whether a file can be cloned into a folder: found out by doing it."""
    probe = os.path.join(folder, f".migrate-probe-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with open(source, "rb", buffering=0, opener=lambda path, _: os.open(path, _READ)) as origin:
            try:
                with open(probe, "xb", buffering=0) as copy:
                    return clone(origin, copy)
            finally:
                if os.path.lexists(probe):
                    os.unlink(probe)
    except OSError:
        return False


def _copy_bytes(origin: FileIO, copy: FileIO, size: int, most: int) -> int:
    """Copy as many bytes as the file had when it was opened: it may be growing."""
    if size > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), copy.name)
    left = size
    while left and (chunk := origin.read(min(left, _CHUNK))):
        left -= len(chunk)
        while chunk:
            chunk = chunk[copy.write(chunk) :]
    return size - left
