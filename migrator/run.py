"""One run of the command, without its words: analyse everything, refuse what cannot work, then write."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import replace

from migrator import pipeline
from migrator.cache.store import Store
from migrator.config import Settings
from migrator.errors import Distrusted, FileProblem, Unwritable, UsageError
from migrator.interrupts import undisturbed
from migrator.launch import RUNTIME, find_shadow
from migrator.report.report import ProgramReport
from migrator.source import files
from migrator.source.text import read_source

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def _scripts_to_change(report: ProgramReport) -> list[str]:
    """Give the files by which a changed program is started: its entry, where it has one.

    A result that our guard stopped counts as a change: with another `runtime` in the way the guard may well object.
    """
    if report.entries:
        return list(report.entries)
    stopped = [problem.path for problem in report.problems if isinstance(problem, Distrusted)]
    return [file.source.path for file in report.files if file.text is not None] + stopped


def refuse_shadows(reports: Sequence[ProgramReport], target: str) -> None:
    """Insist that `from runtime import Accelerator` will find the bundled package.

    Raises:  UsageError that names what stands in the way, and the way out.
    """
    if target != RUNTIME:
        return
    for script in (script for report in reports for script in _scripts_to_change(report)):
        if shadow := find_shadow(script):
            raise UsageError(
                f"{shadow} would be imported in place of the bundled `runtime` when {script} runs; "
                "nothing was written. Rename it, or use --target accelerate."
            )


def _tells(report: ProgramReport) -> bool:
    """Whether a report has anything to say; the others are dropped at once, so that memory stays flat."""
    changes = any(file.items or file.text is not None for file in report.files)
    return bool(changes or report.problems or report.roles)


def analyse(
    paths: Sequence[str],
    settings: Settings,
    progress: Callable[[int], None],
    store: Store | None,
    others: Sequence[str] = (),
) -> list[ProgramReport]:
    """Migrate files in memory: all of them, before anything is printed or written.

    Args:    store: where answers are kept from run to run. others: given files that matter only where a program reaches them.
    Raises:  UsageError where a changed script would import another `runtime` than ours.
    """
    reports = [report for report in pipeline.run(paths, settings, progress, store, others) if _tells(report)]
    refuse_shadows(reports, settings.target)
    return reports


def analyse_text(data: bytes, path: str, settings: Settings) -> list[ProgramReport]:
    """Migrate a file that is not on disk; its report knows the encoding of ``data``.

    Raises:  UsageError where the script would import another `runtime` than ours.
    """
    try:
        source = read_source(path, data)
    except FileProblem as problem:
        return [ProgramReport((), (problem,))]
    report = pipeline.run_text(source.text, path, settings)
    reports = [replace(report, files=tuple(replace(file, source=source) for file in report.files))]
    refuse_shadows(reports, settings.target)
    return reports


def _left_alone(report: ProgramReport, problem: FileProblem) -> ProgramReport:
    """Tell of a program that could not be written: none of its edits is applied."""
    untouched = tuple(
        replace(file, text=None, items=tuple(replace(item, applied=False) for item in file.items))
        for file in report.files
    )
    return replace(report, files=untouched, problems=(*report.problems, problem), entries=())


def _write_program(report: ProgramReport) -> ProgramReport:
    changed = [(file.source, file.text) for file in report.files if file.text is not None]
    try:
        changes = [(source.path, source.encode(text), source.encode(source.text)) for source, text in changed]
        with undisturbed(_INTERRUPTS):  # until the program is written whole
            files.replace_all(changes)
    except Unwritable as problem:
        return _left_alone(report, problem)
    return report


def write(reports: Sequence[ProgramReport]) -> list[ProgramReport]:
    """Write each program whole or not at all, and report what came of it."""
    return [_write_program(report) for report in reports]
