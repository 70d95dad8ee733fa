"""Which programs a set of files makes up: told from imports and a few bytes, before anything is parsed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([^\n#]*)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
_MAIN = re.compile(rb"^if[ \t]+__name__[ \t]*==", re.MULTILINE)
_TRAINS = re.compile(rb"\bbackward\b|loss_scaler\(|\boptim\b")


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


def entries(files: Mapping[str, bytes]) -> tuple[list[str], list[str]]:
    """Give the files to analyse as programs: scripts, and the libraries that they may use.

    A file matters if it trains, or imports (through others) one that does.
    """
    stems = {path: stem_of(path) for path in files}
    imports = {path: imported_stems(data) for path, data in files.items()}
    matter = {path for path, data in files.items() if trains(data)}
    while True:
        known = {stems[path] for path in matter}
        more = {path for path in files if path not in matter and imports[path] & known}
        if not more:
            break
        matter |= more
    used = {path for path in matter if any(stems[path] in imports[other] for other in matter if other != path)}
    scripts = [path for path in files if path in matter and (path not in used or _MAIN.search(files[path]))]
    libraries = [path for path in files if path in matter and path not in scripts]
    return scripts, libraries


def stem_of(path: str) -> str:
    """Give the name that a file is imported by."""
    folder, name = os.path.split(path)
    stem = name.rpartition(".")[0] or name
    return os.path.basename(folder) if stem == "__init__" else stem


def is_script(data: bytes) -> bool:
    """Whether a file asks whether it is the main program."""
    return _MAIN.search(data) is not None
