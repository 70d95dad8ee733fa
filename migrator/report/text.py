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
    yield f"{path}:{item.line}:{item.column}: {item.code}{item.mark} {' '.join(item.message.splitlines())}"
    if verbose:
        for label, text in (("why", item.reason), ("fix", item.help)):
            for number, line in enumerate(text.splitlines()):
                yield f"    {label if number == 0 else '   '}  {line}"


def problem(error: FileProblem) -> str:
    """Say why one file was not changed."""
    return f"{error.path}:{error.line}:{error.column}: error: {error.message}"


def findings(reports: Sequence[ProgramReport], verbose: bool) -> Iterator[str]:
    """Give the findings of each file, those that block first; ``verbose`` adds all edits, and for each item the reason and what to do."""
    for report in reports:
        for file in report.files:
            for item in sorted(file.items, key=lambda item: (not item.blocks, item)):
                if verbose or not (item.applied or item.waits):
                    yield from _finding(file.source.path, item, verbose)


def nothing(files: int) -> str:
    """Say that there was nothing to change and nothing to report."""
    return f"Nothing to change in {plural(files, 'file')}." if files else "No Python files found."


def summary(outcome: RunSummary, written: bool, verbose: bool = False) -> str:
    """Give the summary line, with the flags for the next step."""
    files = plural(outcome.files, "file")
    if outcome.changed:
        which = files if outcome.changed == outcome.files else f"{outcome.changed} of {files}"
        parts = [f"{which} {'changed' if written else 'would change'} ({plural(outcome.edits, 'edit')})"]
    elif outcome.blocking or outcome.review:
        parts = [f"No file {'was' if written else 'would be'} changed"]
    else:
        parts = [nothing(outcome.files).removesuffix(".")]
    if outcome.blocking:
        verb = "blocks" if outcome.blocking == 1 else "block"
        parts.append(f"{plural(outcome.blocking, 'finding')} {verb} {plural(outcome.waiting, 'edit')}")
    if outcome.unsafe:
        parts.append(f"{plural(outcome.unsafe, 'unsafe change')} withheld")
    if outcome.review:
        parts.append(f"{plural(outcome.review, 'site')} to review")
    if outcome.notes:
        parts.append(plural(outcome.notes, "note"))
    if outcome.errors:
        parts.append(plural(outcome.errors, "error"))
    hints = []
    if outcome.changed and not written:
        hints.append("--write applies")
    if outcome.unsafe:
        hints.append("--unsafe applies them as well")
    if (outcome.blocking or outcome.review or outcome.unsafe or outcome.notes) and not verbose:
        hints.append("-v shows reasons and fixes")
    return ", ".join(parts) + "." + (f" ({'; '.join(hints)})" if hints else "")
