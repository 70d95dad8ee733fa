"""How a migrated script is started: what to type, what must be installed first, what may not stand in its way."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from importlib.machinery import PathFinder
from importlib.util import find_spec

from migrator.report.text import plural

RUNTIME = "runtime"  # the bundled package, and the target named after it
REQUIREMENT = "torch-migrator[runtime]"
_REQUIREMENT_FILES = ("pyproject.toml", "setup.cfg", "requirements*.txt")
_NAMED = re.compile(r"^[^#\n]*\btorch[-_.]+migrator\b", re.MULTILINE | re.IGNORECASE)  # PEP 503: -, _ and . are one


def _is_bundled(package: str) -> bool:
    """Whether a `runtime/__init__.py` is the bundled package or a copy of it: known by its facade."""
    try:
        with open(os.path.join(os.path.dirname(package), "accelerator.py"), encoding="utf-8") as file:
            return "\nclass Accelerator" in file.read()
    except (OSError, UnicodeDecodeError):
        return False


def find_shadow(script: str) -> str | None:
    """Give what Python would import as `runtime`, in the place of the bundled package, when it runs ``script``."""
    folder = os.path.dirname(script)
    spec = PathFinder.find_spec(RUNTIME, [os.path.abspath(folder)])
    if spec is None or not spec.has_location or spec.origin is None:
        return None  # a folder without __init__.py gives way to the installed package
    if not spec.submodule_search_locations:
        return os.path.join(folder, os.path.basename(spec.origin))
    return None if _is_bundled(spec.origin) else os.path.join(folder, RUNTIME, "")


def _requirement_files(script: str) -> list[str]:
    """Give the files in which the project that holds ``script`` lists what it needs: the nearest folder with any."""
    folder = os.path.dirname(os.path.abspath(script))
    while True:
        names = sorted(os.listdir(folder))
        found = [name for name in names if any(fnmatch(name, pattern) for pattern in _REQUIREMENT_FILES)]
        above = os.path.dirname(folder)
        if found or ".git" in names or above == folder:
            return [os.path.join(folder, name) for name in found]
        folder = above


def _lists_requirement(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return bool(_NAMED.search(file.read()))
    except OSError:
        return False


def _missing(script: str, target: str) -> str | None:
    """Say what must be installed, or listed, before ``script`` can start elsewhere."""
    if target != RUNTIME:
        return None if find_spec(target) else f"`{target}` is not installed here: pip install {target}"
    command = f"pip install '{REQUIREMENT}'"
    for module in (RUNTIME, "torch"):
        if find_spec(module) is None:
            return f"`{module}` is not installed here; where the script trains: {command}"
    files = _requirement_files(script)
    if files and not any(map(_lists_requirement, files)):
        names = " or ".join(os.path.basename(file) for file in files)
        return f"The script now needs {REQUIREMENT}: list it in {names} ({command})"
    return None


def advice(scripts: Sequence[str], target: str, written: bool) -> Iterator[str]:
    """Say how to start the migrated scripts once they are written, and what they need."""
    if written and scripts:
        script = shlex.quote(scripts[0])
        others = len(scripts) - 1
        likewise = f", and {plural(others, 'other script')} likewise" if others else ""
        yield f"Launch with `torchrun --nproc_per_node 2 {script}` or `python {script}`{likewise}."
        if missing := _missing(scripts[0], target):
            yield missing
    if target != RUNTIME:
        yield (
            "With Accelerate, torchrun on a machine without GPUs needs ACCELERATE_USE_CPU=true in the environment; "
            "without it every process trains alone."
        )
