"""Which files can matter, told from their bytes alone: before libcst is imported, and for less than a parse."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

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
    return [path for path in order if path in matter]


def _bytes_of(path: str) -> bytes | None:
    """Read a file; None for one that cannot be read, of which whoever opens it next says why."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return None
