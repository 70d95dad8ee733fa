"""How to start a migrated script, and what must be installed first."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from importlib.util import find_spec

from migrator.project.shadow import RUNTIME
from migrator.report.text import plural

REQUIREMENT = "torch-migrator[runtime]"
_REQUIREMENT_FILES = ("pyproject.toml", "setup.cfg", "requirements*.txt")
_NAMED = re.compile(r"^[^#\n]*\btorch[-_.]+migrator\b", re.MULTILINE | re.IGNORECASE)  # PEP 503: -, _ and . are one


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
    """Say which package must be installed, or listed as a requirement, before ``script`` can start."""
    if target != RUNTIME:
        return None if find_spec(target) else f"`{target}` is not installed here: pip install {target}"
    command = f"pip install '{REQUIREMENT}'"
    for module in (RUNTIME, "torch"):
        if find_spec(module) is None:
            return f"`{module}` is not installed here; the migrated script needs it: {command}"
    files = _requirement_files(script)
    if files and not any(map(_lists_requirement, files)):
        names = " or ".join(os.path.basename(file) for file in files)
        return f"The script now needs {REQUIREMENT}: add it to {names} ({command})"
    return None


def advice(scripts: Sequence[str], target: str, written: bool) -> Iterator[str]:
    """Say how to start the migrated scripts, and what they need."""
    if written and scripts:
        script = shlex.quote(scripts[0])
        others = len(scripts) - 1
        likewise = f", and {plural(others, 'other script')} likewise" if others else ""
        yield f"Launch with `torchrun --nproc_per_node 2 {script}` or `python {script}`{likewise}."
        if missing := _missing(scripts[0], target):
            yield missing
    if target != RUNTIME:
        yield (
            "With Accelerate on a machine without GPUs, set ACCELERATE_USE_CPU=true for torchrun; "
            "without it the processes are not synchronised."
        )
