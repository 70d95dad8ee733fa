"""Files that a script writes, and files outside of the copy: reads of these are recorded, writes are refused."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from typing import Any

import torch

from migrator.verify.recorder import digest
from migrator.verify.recorder.journal import Journal
from migrator.verify.recorder.options import Options
from migrator.verify.trace import Leaf, Outside, Save, Write

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OF_THE_SYSTEM = ("/dev", "/proc", "/sys", "/etc", "/usr", "/lib", "/lib64", "/bin", "/var/lib", "/run")
_ALWAYS_WRITABLE = ("/dev", "/proc")
# Audit events that change what lies at a path, each with the positions of the paths among its arguments.
_CHANGING = {
    "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.rename": (0, 1), "os.truncate": (0,),
    "os.link": (1,), "os.symlink": (1,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,),
}  # fmt: skip
_MAX_NAMED = 200


def flatten(value: object, name: str = "") -> dict[str, object]:
    """Name every leaf of what is saved; a pickled module counts as its class and its state."""
    if isinstance(value, torch.Tensor):
        kind = f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
        return {name: Leaf(f"{kind} {digest.digest(value)}", digest.norm(value))}
    if isinstance(value, torch.nn.Module):
        return {f"{name}:{type(value).__name__}": True, **flatten(dict(value.state_dict()), name)}
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {name: value if isinstance(value, (int, float, str, bool, type(None))) else type(value).__name__}
    return {key: leaf for k, v in items for key, leaf in flatten(v, f"{name}/{k}").items()}


class Files:
    """Notes what is saved and opened, and refuses what would change a file outside of the copy."""

    def __init__(self, journal: Journal, options: Options) -> None:
        """Put hooks into torch and Python."""
        self._journal = journal
        self._project = os.path.realpath(options.project)
        self._scratch = (os.path.realpath(options.scratch),) if options.scratch else ()
        self._writable = (*map(os.path.realpath, (*options.writable, *_ALWAYS_WRITABLE)), *self._scratch)
        self._guarded = options.guarded
        places = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path}
        self._known = tuple(map(os.path.realpath, (*filter(None, places), *_OF_THE_SYSTEM)))
        self._named: set[tuple[str, bool]] = set()
        self._busy = False
        save = torch.save

        def saved(value: object, file: object, *args: object, **options: object) -> object:
            path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", "")
            if isinstance(path, (str, os.PathLike)) and path:
                self._check(path)  # torch opens it without Python's knowledge
            journal.note(Save(self._relative(path) if path else "", flatten(value), journal.place()))
            return save(value, file, *args, **options)

        torch.save = saved
        sys.addaudithook(self._audit)

    def _audit(self, name: str, args: tuple[Any, ...]) -> None:
        if (name != "open" and name not in _CHANGING) or self._busy:  # first what nearly every event ends with
            return
        self._busy = True
        try:
            if name == "open":
                self._opened(args[0], bool((args[2] or 0) & _WRITING))
            else:
                for position in _CHANGING[name]:
                    self._changed(name, args[position])
        finally:
            self._busy = False

    def _opened(self, path: object, writing: bool) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return  # a descriptor that is open already
        if writing:
            self._check(path)
            if self._is_inside(path):
                self._journal.note(Write(self._relative(path), self._journal.place()))
        elif not self._is_inside(path) and not self._is_expected(path):
            self._name(path, kept=False)

    def _is_expected(self, path: object) -> bool:
        """Whether a path is none of the script's data: a part of Python, of the system, or a temporary file."""
        is_data = _lies_in(path, (self._project, *self._scratch))
        return not is_data and _lies_in(path, (*self._known, *self._writable))

    def _changed(self, name: str, path: object) -> None:
        if isinstance(path, (str, bytes, os.PathLike)):
            if not (name == "os.mkdir" and os.path.isdir(path)):  # it fails anyway, or is allowed
                self._check(path)

    def _check(self, path: Any) -> None:
        """Refuse to change what lies outside.

        Raises:  PermissionError, as the system would where it is not ours to write.
        """
        if not self._guarded or self._is_inside(path):
            return
        if _lies_in(path, (self._project,)) or not _lies_in(path, self._writable):
            self._name(path, kept=True)
            raise PermissionError(13, "migrate --verify writes nothing outside of its scratch copy", os.fsdecode(path))

    def _name(self, path: Any, kept: bool) -> None:
        path = os.path.realpath(os.fsdecode(path))
        event = Outside(os.path.relpath(path, self._journal.root) if _lies_in(path, self._scratch) else path, kept)
        if (event.path, kept) not in self._named and len(self._named) < _MAX_NAMED:
            self._named.add((event.path, kept))
            self._journal.note(event)

    def _is_inside(self, path: object) -> bool:
        return _lies_in(path, (self._journal.root,))

    def _relative(self, path: Any) -> str:
        """Name a file from the copy's folder, as it will be called: it may be written in a folder that is moved away."""
        path = os.path.relpath(os.path.realpath(os.fsdecode(path)), self._journal.root)
        return os.sep.join(part for part in path.split(os.sep) if not part.endswith(".partial"))


def _lies_in(path: Any, folders: Sequence[str]) -> bool:
    path = os.path.realpath(os.fsdecode(path))
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
