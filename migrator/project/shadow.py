"""Other packages called `runtime`: one that a migrated script would import instead of the bundled package is an error."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.machinery import PathFinder

from migrator.errors import Distrusted, UsageError
from migrator.report.report import ProgramReport

RUNTIME = "runtime"  # the bundled package, and the target named after it


def _is_bundled(package: str) -> bool:
    """Whether a `runtime/__init__.py` is the bundled package or a copy of it: known by its facade."""
    try:
        with open(os.path.join(os.path.dirname(package), "accelerator.py"), encoding="utf-8") as file:
            return "\nclass Accelerator" in file.read()
    except (OSError, UnicodeDecodeError):
        return False


def find_shadow(script: str) -> str | None:
    """Give what Python would import as `runtime` instead of the bundled package when it runs ``script``."""
    folder = os.path.dirname(script)
    spec = PathFinder.find_spec(RUNTIME, [os.path.abspath(folder)])
    if spec is None or not spec.has_location or spec.origin is None:
        return None  # a folder without __init__.py gives way to the installed package
    if not spec.submodule_search_locations:
        return os.path.join(folder, os.path.basename(spec.origin))
    return None if _is_bundled(spec.origin) else os.path.join(folder, RUNTIME, "")


def _scripts_to_change(report: ProgramReport) -> list[str]:
    """Give the files by which a changed program is started: its entry, where it has one.

    A result that failed a check counts as a change: the reason may be the other `runtime`.
    """
    if report.entries:
        return list(report.entries)
    stopped = [problem.path for problem in report.problems if isinstance(problem, Distrusted)]
    return [file.source.path for file in report.files if file.text is not None] + stopped


def refuse_shadows(reports: Iterable[ProgramReport], target: str) -> None:
    """Check that `from runtime import Accelerator` will find the bundled package.

    Raises:  UsageError that names the other package, and what to do.
    """
    if target != RUNTIME:
        return
    for script in (script for report in reports for script in _scripts_to_change(report)):
        if shadow := find_shadow(script):
            raise UsageError(
                f"{script} would import {shadow} instead of the bundled package `runtime`; nothing was written. "
                "Rename that file, or use --target accelerate."
            )
