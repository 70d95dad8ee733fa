"""The summary of a run in numbers, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.errors import Exit
from migrator.report.report import Item, Level, ProgramReport


def is_left(item: Item) -> bool:
    """Whether an item needs a decision: it was not applied, does not wait for another finding, and is more than a note."""
    return not item.applied and not item.waits and item.level is not Level.NOTE


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Counts over all programs of a run."""

    files: int  # all files, including those without training code
    changed: int = 0
    edits: int = 0
    unsafe: int = 0  # changes that --unsafe would apply
    blocking: int = 0  # findings that keep a program as it is
    review: int = 0  # other sites that need a decision
    waiting: int = 0  # edits that are not made because of other findings
    notes: int = 0
    errors: int = 0

    def exit_code(self, written: bool, strict: bool) -> Exit:
        """Choose the code: errors come first, then pending changes, then sites to review."""
        if self.errors:
            return Exit.FILE
        if self.changed and not written:
            return Exit.PENDING
        if strict and (self.blocking or self.review or self.unsafe):
            return Exit.REVIEW
        return Exit.DONE


def count(reports: Sequence[ProgramReport], files: int) -> RunSummary:
    """Add up a run over ``files`` files."""
    items = [item for report in reports for file in report.files for item in file.items]
    left = [item for item in items if is_left(item)]
    unsafe = sum(item.level is Level.UNSAFE and not item.blocks for item in left)
    blocking = sum(item.blocks for item in left)
    changed = sum(file.text is not None for report in reports for file in report.files)
    return RunSummary(
        files=max(files, changed),  # with --follow, files may change that were not given
        changed=changed,
        edits=sum(item.applied for item in items),
        unsafe=unsafe,
        blocking=blocking,
        review=len(left) - unsafe - blocking,
        waiting=sum(item.waits and item.level is not Level.NOTE for item in items),
        notes=sum(item.level is Level.NOTE for item in items),
        errors=sum(len(report.problems) for report in reports),
    )
