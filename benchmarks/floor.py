"""What no tool on libcst can do without: floor.py SIGNS PATH starts Python, reads the files, parses those with a sign."""

from __future__ import annotations

import os
import re
import sys

import libcst


def main(signs: str, path: str) -> None:
    """Read a file or the Python files of a folder, and parse what may matter."""
    matters = re.compile(signs.encode()).search
    names = [path] if os.path.isfile(path) else _python_files(path)
    for name in names:
        with open(name, "rb") as file:
            data = file.read()
        if matters(data):
            libcst.parse_module(data)


def _python_files(folder: str) -> list[str]:
    found = []
    for entry in os.scandir(folder):
        if entry.is_dir():
            found += _python_files(entry.path)
        elif entry.name.endswith(".py"):
            found.append(entry.path)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
