"""Which files can matter, told from their bytes alone: before libcst is imported, and for less than a parse."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

# A script whose objects come from elsewhere need not say "torch": the training loop itself must be enough.
SIGNS = (b"torch", b"backward(", b".cuda(", b".to(", b"prepare(")

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([^\n#]*)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
_TRAINS = re.compile(rb"\bbackward\b|loss_scaler\(|\boptim\.(?:\w+\.)?[A-Z]\w*\(|from torch\.optim import")


def matters(data: bytes) -> bool:
    """Whether a file with these bytes can hold something to migrate."""
    return any(sign in data for sign in SIGNS)


def trains(data: bytes) -> bool:
    """Whether a file may hold a training step, or make what a step elsewhere trains."""
    return _TRAINS.search(data) is not None


def imported_stems(data: bytes) -> set[str]:
    """Give the last parts of everything that a file may import."""
    found: set[str] = set()
    for module, names, plain in _IMPORT.findall(data):
        if module:
            found.add(module.rpartition(b".")[2].decode("ascii", "ignore"))
            found.update(word.decode("ascii", "ignore") for word in re.findall(rb"\w+", names))
        for part in plain.split(b","):
            words = part.split()
            if words:
                found.add(words[0].rpartition(b".")[2].decode("ascii", "ignore"))
    return found


def stem_of(path: str) -> str:
    """Give the name that a file is imported by."""
    folder, name = os.path.split(path)
    stem = name.rpartition(".")[0] or name
    return os.path.basename(folder) if stem == "__init__" else stem


def leading_to(roots: Iterable[str], imports: Mapping[str, set[str]]) -> set[str]:
    """Give some files, and those that import one of them, through others or themselves.

    Args:    imports: what each file may import, as ``imported_stems`` gives it.
    """
    found = set(roots)
    while True:
        known = {stem_of(path) for path in found}
        more = {path for path, stems in imports.items() if path not in found and stems & known}
        if not more:
            return found
        found |= more


def _imported_modules(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Give what a file may import: how many folders up it is looked for, plus one, or 0, and the parts of its name."""
    for module, names, plain in _IMPORT.findall(data):
        dotted = module.decode("ascii", "ignore")
        name = dotted.lstrip(".")
        parts = name.split(".") if name else []
        if dotted:
            yield len(dotted) - len(name), parts
            for word in re.findall(rb"\w+", names):
                yield len(dotted) - len(name), [*parts, word.decode("ascii", "ignore")]
        for part in plain.split(b","):
            if words := part.split():
                yield 0, words[0].decode("ascii", "ignore").split(".")


class Outside:
    """The local files beside the given ones: a script may start a training that lies in one of these."""

    def __init__(self, given: Iterable[str], read: Callable[[str], bytes | None]) -> None:
        self._given = {os.path.normpath(path) for path in given}
        self._read = read
        self._names: dict[str, set[str]] = {}  # by folder: what can be imported from there

    def is_started_by(self, path: str) -> bool:
        """Whether a file imports one outside of the given files that trains, itself or through others of these."""
        root = os.path.dirname(path)
        if not self._names_in(root) and not self._names_in(os.path.dirname(root)):
            return False
        seen, todo = {os.path.normpath(path)}, [path]
        while todo:
            importer = todo.pop()
            for found in self._imports(importer, root):
                if found not in seen:
                    seen.add(found)
                    if trains(self._read(found) or b""):
                        return True
                    todo.append(found)
        return False

    def _imports(self, path: str, root: str) -> Iterator[str]:
        """The files outside that a file imports."""
        for level, parts in _imported_modules(self._read(path) or b""):
            folder = os.path.dirname(path)
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            for base in (folder,) if level else dict.fromkeys((folder, root)):
                if not parts or parts[0] in self._names_in(base):
                    stem = os.path.join(base, *parts)
                    for found in map(os.path.normpath, (f"{stem}.py", os.path.join(stem, "__init__.py"))):
                        if found not in self._given and os.path.isfile(found):
                            yield found

    def _names_in(self, folder: str) -> set[str]:
        """The folders in a folder, and the stems of those of its files that were not given."""
        if folder not in self._names:
            entries = os.listdir(folder or os.curdir) if os.path.isdir(folder or os.curdir) else []
            self._names[folder] = {
                name.removesuffix(".py")
                for name in entries
                if os.path.normpath(os.path.join(folder, name)) not in self._given
                and (name.endswith(".py") or os.path.isdir(os.path.join(folder, name)))
            }
        return self._names[folder]


def candidates(paths: Iterable[str]) -> list[str]:
    """Keep the files that can matter, and those that lead to one that trains: a ``main.py`` may only start a trainer."""
    order = list(paths)
    matter: set[str] = set()
    roots: set[str] = set()
    for path in order:
        data = _bytes_of(path)
        if data is None or matters(data):
            matter.add(path)
            if data is not None and trains(data):
                roots.add(path)
    if roots and len(matter) < len(order):
        matter |= leading_to(roots, {path: imported_stems(_bytes_of(path) or b"") for path in order})
    outside = Outside(order, _bytes_of)
    return [path for path in order if path in matter or outside.is_started_by(path)]


def _bytes_of(path: str) -> bytes | None:
    """Read a file; None for one that cannot be read, of which whoever opens it next says why."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return None
