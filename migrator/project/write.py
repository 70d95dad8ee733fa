"""Write the programs of a run: all files of a program, or none."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace

from migrator.errors import FileProblem, Unwritable
from migrator.project.interrupts import undisturbed
from migrator.report.report import ProgramReport
from migrator.source import files

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def _left_alone(report: ProgramReport, problem: FileProblem) -> ProgramReport:
    """Report a program that could not be written: none of its edits is applied."""
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


def write_programs(reports: Sequence[ProgramReport]) -> list[ProgramReport]:
    """Write all files of each program or none, and report the result."""
    return [_write_program(report) for report in reports]
