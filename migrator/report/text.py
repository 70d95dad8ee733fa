"""The report as lines for people and editors: findings, problems, and a summary with correct plurals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a run that finds nothing to do prints one line of this file, and needs none of these
    from migrator.errors import FileProblem
    from migrator.report.report import Item, ProgramReport
    from migrator.report.summary import RunSummary


def plural(number: int, noun: str) -> str:
    """Write a number and its noun: 0 files, 1 file, 2 files."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _finding(path: str, item: Item, verbose: bool) -> Iterator[str]:
    yield f"{path}:{item.line}:{item.column}: {item.code} {' '.join(item.message.splitlines())}"
    if verbose:
        for label, text in (("why", item.reason), ("fix", item.help)):
            for number, line in enumerate(text.splitlines()):
                yield f"    {label if number == 0 else '   '}  {line}"


def problem(error: FileProblem) -> str:
    """Say why one file was left alone."""
    return f"{error.path}:{error.line}:{error.column}: error: {error.message}"


def findings(reports: Sequence[ProgramReport], verbose: bool) -> Iterator[str]:
    """Give what was found but not changed; ``verbose`` adds the edits, made or not, and why and what to do below each item."""
    for report in reports:
        for file in report.files:
            for item in sorted(file.items):
                if verbose or not (item.applied or item.waits):
                    yield from _finding(file.source.path, item, verbose)


def nothing(files: int) -> str:
    """Say that there was nothing to change and nothing to tell."""
    return f"Nothing to change in {plural(files, 'file')}." if files else "No Python files found."


def summary(outcome: RunSummary, written: bool, verbose: bool = False) -> str:
    """Say in one line what came of the run, and which flag goes further."""
    files = plural(outcome.files, "file")
    if outcome.changed:
        which = files if outcome.changed == outcome.files else f"{outcome.changed} of {files}"
        parts = [f"{which} {'changed' if written else 'would change'} ({plural(outcome.edits, 'edit')})"]
    else:
        parts = [nothing(outcome.files).removesuffix(".")]
    if outcome.unsafe:
        parts.append(f"{plural(outcome.unsafe, 'unsafe change')} withheld")
    if outcome.review:
        parts.append(f"{plural(outcome.review, 'site')} to review")
    if outcome.waiting:
        parts[-1] += f" in the way of {plural(outcome.waiting, 'edit')}" if outcome.review else ""
    if outcome.notes:
        parts.append(plural(outcome.notes, "note"))
    if outcome.errors:
        parts.append(plural(outcome.errors, "error"))
    hints = []
    if outcome.changed and not written:
        hints.append("--write applies")
    if outcome.unsafe:
        hints.append("--unsafe adds what was withheld")
    if (outcome.review or outcome.unsafe or outcome.notes) and not verbose:
        hints.append("-v says why")
    return ", ".join(parts) + "." + (f" ({'; '.join(hints)})" if hints else "")
