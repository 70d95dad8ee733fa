"""Which files may need a migration, by their bytes alone: before libcst is imported, and faster than a parse."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

# A script whose objects come from elsewhere need not say "torch": the training loop itself must be enough.
SIGNS = (b"torch", b"backward(", b".cuda(", b".to(", b"prepare(")

_IMPORT = re.compile(rb"[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([^\n#]*)|import[ \t]+([\w., \t]+))")
_BY_NAME = (b"import_module(", b"__import__(")  # imports of what a script makes up when it runs
_REPAYS = 200  # files: a hundredth of a second of work, and a fork costs less
_WORD = re.compile(rb"\w+")
_CONTINUED = re.compile(rb"\\?(#[^\n]*)?\r?\n")
_TRAINS = re.compile(rb"\bbackward\b|loss_scaler\(|\boptim\.(?:\w+\.)?[A-Z]\w*\(|from torch\.optim import")


def matters(data: bytes) -> bool:
    """Whether a file with these bytes can hold something to migrate."""
    return any(sign in data for sign in SIGNS)


def trains(data: bytes) -> bool:
    """Whether a file may hold a training step, or make what a step elsewhere trains."""
    return _TRAINS.search(data) is not None


def imports_by_name(data: bytes) -> bool:
    """Whether a file may import modules by names that are only known at run time."""
    return b"import_" in data and any(word in data for word in _BY_NAME)  # one search, as a rule


def imported_stems(data: bytes) -> set[str]:
    """Give the last parts of everything that a file may import."""
    return {parts[-1] for _, parts in imported_modules(data) if parts}


def imported_modules(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Give what a file may import: how many folders up it is looked for, plus one, or 0, and the parts of its name."""
    for line in _import_lines(data):
        statement = _IMPORT.match(line)
        if statement is None:
            continue
        module, names, plain = statement.groups(b"")
        if module:
            dotted = module.decode("ascii", "ignore")
            name = dotted.lstrip(".")
            level, parts = len(dotted) - len(name), name.split(".") if name else []
            yield level, parts
            yield from ((level, [*parts, word.decode("ascii", "ignore")]) for word in _WORD.findall(names))
        for part in plain.split(b","):
            if words := part.split():
                yield 0, words[0].decode("ascii", "ignore").split(".")


def _import_lines(data: bytes) -> Iterator[bytes]:
    """The lines that say ``import``, each joined with those that go on with it.

    To look for the word is far cheaper than to look at every line.
    """
    at = data.find(b"import")
    while at >= 0:
        end = _end_of_line(data, at)
        if b"(" in data[at:end] and b")" not in data[at:end]:
            end = _end_of_line(data, max(data.find(b")", end), end))
        while data[end - 1 : end] == b"\\":
            end = _end_of_line(data, end + 1)
        line = data[data.rfind(b"\n", 0, at) + 1 : end]
        yield _CONTINUED.sub(b" ", line) if b"\n" in line else line
        at = data.find(b"import", end)


def _end_of_line(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


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


def files_near(folder: str) -> Iterator[str]:
    """Give the Python files in a folder, and in those right below it: what an import by name may find."""
    below = [folder] + [entry.path for entry in _listed(folder) if entry.is_dir() and not entry.name.startswith(".")]
    for place in below:
        yield from (os.path.normpath(entry.path) for entry in _listed(place) if entry.name.endswith(".py"))


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder or os.curdir) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _folders_to(folder: str) -> Iterator[str]:
    """A folder and those above it."""
    while folder:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


class Outside:
    """The local files beside the given ones: a script may start a training that lies in one of these."""

    def __init__(self, given: Iterable[str], trainers: Iterable[str], read: Callable[[str], bytes | None]) -> None:
        """Know the given files, and those of them that train."""
        self._given = {os.path.normpath(path) for path in given}
        self._trainers = {os.path.normpath(path) for path in trainers}
        self._near: dict[str, list[str]] = {}  # by folder: what trains there
        folders = {os.path.dirname(path) for path in self._given}
        self._folders = {above for folder in folders for above in _folders_to(folder)}  # they count as given, too
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
                    if self._trains(found) or self.starts_by_name(found):
                        return True
                    todo.append(found)
        return False

    def starts_by_name(self, path: str) -> bool:
        """Whether a file imports modules by name, as plug-ins, and another file near it trains."""
        if not imports_by_name(self._read(path) or b""):
            return False
        folder = os.path.dirname(path)
        if folder not in self._near:
            self._near[folder] = [found for found in files_near(folder) if self._trains(found)]
        return any(found != os.path.normpath(path) for found in self._near[folder])

    def _trains(self, path: str) -> bool:
        return path in self._trainers if path in self._given else trains(self._read(path) or b"")

    def _imports(self, path: str, root: str) -> Iterator[str]:
        """The files outside that a file imports."""
        for level, parts in imported_modules(self._read(path) or b""):
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
        """The stems of the files in a folder that were not given, and the folders of which nothing was."""
        if folder not in self._names:
            self._names[folder] = {
                entry.name.removesuffix(".py")
                for entry, path in ((entry, os.path.normpath(entry.path)) for entry in _listed(folder))
                if (
                    path not in self._given
                    if entry.name.endswith(".py")
                    else path not in self._folders and entry.is_dir()
                )
            }
        return self._names[folder]


class _Look(NamedTuple):
    """What the bytes of a file show."""

    matters: bool
    trains: bool
    by_name: bool  # it imports what it makes up


def _look(path: str) -> _Look:
    data = _bytes_of(path)
    if data is None:
        return _Look(True, False, False)
    hit = matters(data)
    return _Look(hit, hit and trains(data), imports_by_name(data))


def _look_at_all(paths: list[str]) -> list[_Look]:
    """Scan each file, on several cores where that is faster."""
    if len(paths) < 2 * _REPAYS:
        return [_look(path) for path in paths]
    from migrator.project import pool

    return pool.spread(paths, _look, min(pool.cores(), len(paths) // _REPAYS))


def candidates(paths: Iterable[str]) -> list[str]:
    """Keep the files that may need a migration, and those that import one that trains: a ``main.py`` may only start a trainer."""
    given = list(paths)
    looks = dict(zip(given, _look_at_all(given), strict=True))
    matter = {path for path, look in looks.items() if look.matters}
    roots = {path for path, look in looks.items() if look.trains}
    outside = Outside(given, roots, _bytes_of)
    roots.update(path for path, look in looks.items() if look.by_name and outside.starts_by_name(path))
    if roots and len(matter) < len(given):  # to read a file again is cheaper than to look for imports in vain
        matter |= leading_to(roots, {path: imported_stems(_bytes_of(path) or b"") for path in given})
    return [path for path in given if path in matter or outside.is_started_by(path)]


def _bytes_of(path: str) -> bytes | None:
    """Read a file; None if it cannot be read; the error is reported where it is migrated."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return None
