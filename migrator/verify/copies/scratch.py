"""A folder for copies of a project, which is removed in every case."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from migrator.errors import Unverifiable
from migrator.project.cache.disk_cache import find_folder
from migrator.project.interrupts import undisturbed
from migrator.verify.copies.duplicate import LIMIT, copy_tree, files_to_copy
from migrator.verify.copies.repository import copy_repository
from migrator.verify.copies.tree import PREFIX, Tree, is_below, shown

_FATAL = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_TRIES = 5  # to remove a folder that something may still be writing to
_PAUSE_S = 0.2


def remove(folder: str) -> None:
    """Remove a folder with all that it holds, read-only or not.

    Raises:  Unverifiable where something of it stays.
    """
    for _ in range(_TRIES - 1):
        with suppress(OSError):  # something is still being written to it
            _remove(folder)
            return
        time.sleep(_PAUSE_S)
    try:
        _remove(folder)
    except OSError as error:
        raise Unverifiable(f"{shown(folder)} cannot be removed ({error.strerror}); please remove it.") from error


def _remove(folder: str) -> None:
    if os.path.lexists(folder):
        _unlock(folder)
        shutil.rmtree(folder)


def _unlock(folder: str) -> None:
    """Let everything below a folder be removed."""
    todo = [folder]
    while todo:
        path = todo.pop()
        os.chmod(path, 0o700)
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                elif os.name == "nt" and not entry.is_symlink():
                    os.chmod(entry.path, 0o600)


def _remove_own(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not in a process that was forked from it
        remove(folder)


def find_place(tree: Tree) -> str:
    """Choose where copies lie: the folder for temporary files, or the user's for caches where that spares more copying.

    Returns: a folder outside of the project, with room for two copies where one has it.
    """
    places = [tempfile.gettempdir()]
    if (cache := find_folder(os.environ)) and _make(cache):
        places.append(cache)
    places = [place for place in places if not is_below(os.path.realpath(place), tree.root)] or places[:1]
    needs = [(sum(file.size for file in files_to_copy(tree, place)), place) for place in places]
    with_room = [(need, place) for need, place in needs if shutil.disk_usage(place).free >= 2 * need]
    return min(with_room or needs, key=lambda one: one[0])[1]


def _make(folder: str) -> bool:
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


class Scratch:
    """A folder for copies of a project, while it is entered.

    Termination is an exception meanwhile, as Ctrl-C is, so that processes can be ended; removing is not
    interrupted.
    """

    def __init__(self, tree: Tree, cwd: str, limit: int = LIMIT, place: str | None = None) -> None:
        """Name the project, where its script is run, and maybe where the folder is to lie.

        Raises:  Unverifiable where ``cwd`` is neither in the project nor above it.
        """
        cwd = os.path.realpath(cwd)
        if not is_below(cwd, tree.root) and not is_below(tree.root, cwd):
            raise Unverifiable(
                f"{shown(cwd)} is neither in the project {shown(tree.root)} nor above it; run the command in the project."
            )
        self.tree = tree
        self.limit = limit
        self.folder = ""  # while it is entered
        self._cwd = os.path.relpath(cwd, tree.root)
        is_above = cwd != tree.root and is_below(tree.root, cwd)
        self._path = os.path.relpath(tree.root, cwd) if is_above else os.path.basename(tree.root)  # of a copy's root
        self._place = place
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Scratch:
        place = self._place or find_place(self.tree)
        if threading.current_thread() is threading.main_thread():
            for number in _FATAL:
                if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
                    self._handlers[number] = signal.signal(number, _end)
        with undisturbed((signal.SIGINT, *_FATAL)):
            self.folder = tempfile.mkdtemp(prefix=PREFIX, dir=os.path.realpath(place))
            # The way out where an exception comes between here and the body of `with`.
            self._remove = weakref.finalize(self, _remove_own, self.folder, os.getpid())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with undisturbed((signal.SIGINT, *_FATAL)):
                self._remove()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def copy(self, name: str) -> str:
        """Make a copy of the project; give its root.

        It keeps the project's name, by which programs may import, and has a separate parent folder, where they may write.
        """
        root = os.path.join(self.folder, name, self._path)
        os.makedirs(os.path.dirname(root), 0o700)
        copy_tree(self.tree, root, self.limit)
        copy_repository(self.tree.root, root)
        return root

    def cwd(self, root: str) -> str:
        """Give the folder that stands for the one where the script is run, in the copy with this root."""
        return os.path.normpath(os.path.join(root, self._cwd))

    def drop(self, name: str) -> None:
        """Remove a copy, with all that was written beside it."""
        remove(os.path.join(self.folder, name))
