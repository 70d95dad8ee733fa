"""A folder of entries under the user's cache folder: small files, each whole or ignored.

The cache is never needed for a right answer. So nothing is locked, and failures are ignored: a folder that cannot be
written, a full disk, a truncated entry or one of another program.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from migrator.source.files import digest

_FOLDER = "programs"
_ENTRY = re.compile(r"[0-9a-f]{32}\.json")
_HALF = re.compile(r"\.[0-9a-f]{32}\.[0-9]+-[0-9a-f]+")  # an entry on its way
_STAMP = ".pruned"
_TAG = "CACHEDIR.TAG"  # https://bford.info/cachedir: programs that make backups leave the folder out
_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55\n# Kept by migrate; it can be removed at any time.\n"
_LARGEST = 2_000_000  # bytes of an entry
_ALL = 64_000_000  # bytes of all entries, once they are pruned
_SHARE = 8_000_000  # bytes that a process writes between two prunings
_DAY_S = 86_400
_AGE_S = 30 * _DAY_S  # since an entry was last used
_PAUSE_S = 3_600  # between prunings


def find_folder(environment: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Give the folder for what we keep: `MIGRATE_CACHE_DIR`, or the platform's place for caches; None where there is none.

    Source:  XDG Base Directory Specification 0.8, which has relative paths ignored.
    """
    if own := environment.get("MIGRATE_CACHE_DIR"):
        return os.path.abspath(own)
    if platform == "win32":
        base = environment.get("LOCALAPPDATA", "")
    elif platform == "darwin":
        base = os.path.join(os.path.expanduser("~"), "Library", "Caches")
    else:
        base = environment.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):
            base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "torch-migrator") if os.path.isabs(base) else None


class DiskCache:
    """Entries by key."""

    def __init__(self, folder: str) -> None:
        """Name the folder; it is made when there is something to keep."""
        self.folder = os.path.join(folder, _FOLDER)
        self._works = True
        self._room: int | None = None  # bytes to write before the next pruning; None: look when the last one was

    def get(self, key: str) -> bytes | None:
        """Give what is kept under a key; None where that is nothing, or not what was put there."""
        path = self._path(key)
        try:
            with open(path, "rb", buffering=0) as file:
                state = os.fstat(file.fileno())
                data = file.read() if state.st_size <= _LARGEST else b""
        except OSError:
            return None
        seal, _, body = data.partition(b"\n")
        if seal != _seal(key, body):
            return None
        if time.time() - state.st_mtime > _DAY_S:
            with suppress(OSError):
                os.utime(path)  # it is in use, and is not pruned
        return body

    def put(self, key: str, body: bytes) -> None:
        """Store bytes under a key, if possible."""
        data = b"\n".join((_seal(key, body), body))
        if len(data) > _LARGEST or not self._works:
            return
        half = os.path.join(self.folder, f".{_name(key)}.{os.getpid()}-{os.urandom(4).hex()}")
        try:
            self._make_folder()
            _write(half, data)
            os.replace(half, self._path(key))
        except OSError:
            self._works = False  # a disk that is full, or may not be written, will be so for the next entry, too
        finally:
            with suppress(OSError):
                os.unlink(half)
        self._make_room(len(data))

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, f"{_name(key)}.json")

    def _make_folder(self) -> None:
        if os.path.isdir(self.folder):
            return
        os.makedirs(self.folder, 0o700)
        with suppress(FileExistsError):  # another process was faster
            _write(os.path.join(self.folder, _TAG), _SIGNATURE)

    # ------------------------------------------------------------ bounds

    def _make_room(self, written: int) -> None:
        """Prune from time to time."""
        stamp = os.path.join(self.folder, _STAMP)
        if self._room is None:
            try:
                self._room = _SHARE if 0 <= time.time() - os.stat(stamp).st_mtime < _PAUSE_S else 0
            except OSError:
                self._room = 0
        self._room -= written
        if self._room < 0 and self._works:
            self._room = _SHARE
            with suppress(OSError):
                with open(stamp, "wb"):  # first: another process need not look as well
                    os.utime(stamp)
                self.prune()

    def prune(self) -> None:
        """Remove entries that were not used for long, then the oldest until the rest fits."""
        now, total = time.time(), 0
        for time_s, size, path in sorted(self._entries(), reverse=True):
            total += size
            if total > _ALL or now - time_s > _AGE_S:
                with suppress(OSError):
                    os.unlink(path)

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        """Give the entries that are ours, with time and size; those that were never finished count as used long ago."""
        with os.scandir(self.folder) as found:
            for entry in found:
                half = _HALF.fullmatch(entry.name)
                if half or _ENTRY.fullmatch(entry.name):
                    with suppress(OSError):
                        state = entry.stat(follow_symlinks=False)
                        is_left = half and time.time() - state.st_mtime > _PAUSE_S
                        yield 0.0 if is_left else state.st_mtime, state.st_size, entry.path


def _name(key: str) -> str:
    return digest(key.encode("utf-8", "surrogateescape"))


def _seal(key: str, body: bytes) -> bytes:
    """The beginning of a complete entry under this key."""
    return digest(b"\n".join((key.encode("utf-8", "surrogateescape"), body))).encode()


def _write(path: str, data: bytes) -> None:
    """Write a new file; it need not outlive a crash, and is not flushed to the disk."""
    with open(path, "xb", buffering=0) as file:
        if file.write(data) != len(data):
            raise OSError("the disk is full")


def open_disk_cache(environment: Mapping[str, str]) -> DiskCache | None:
    """Give the user's store; None where there is no place for one."""
    folder = find_folder(environment)
    return DiskCache(folder) if folder else None
