"""What an answer depends on besides files and settings: our own code, libcst and Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from migrator import __version__
from migrator.source.files import digest

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def identity() -> str:
    """Give a name that differs whenever one of these differs."""
    return "\n".join((__version__, _own_code(), _libcst(), sys.version, sys.platform))


def _own_code() -> str:
    """Identify our code: by what pip has recorded if we are installed, otherwise file by file."""
    installed = os.path.join(os.path.dirname(_PACKAGE), f"torch_migrator-{__version__}.dist-info", "RECORD")
    try:
        return digest(_read(installed))  # it has the digest of every file
    except OSError:
        return digest(b"\n".join(f"{path} {digest(_read(path))}".encode() for path in _files(_PACKAGE)))


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                yield entry.path
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)


def _libcst() -> str:
    spec = find_spec("libcst")  # which does not import it
    folder = os.path.dirname(spec.origin) if spec and spec.origin else ""
    try:
        return digest(_read(os.path.join(folder, "_version.py")))
    except OSError:
        from importlib.metadata import version  # slower

        return version("libcst")


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()
