"""Counts, and the exit code that follows from them."""

from __future__ import annotations

import pytest

from migrator.errors import Exit, Unreadable
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.report.summary import RunSummary, count
from migrator.source.text import make_source


def item(level: Level, applied: bool = False) -> Item:
    return Item(1, 1, "MIG301", "message", level, 1, 2, applied=applied)


def test_counting_tells_edits_from_what_is_left() -> None:
    items = (
        item(Level.SAFE, applied=True),
        item(Level.UNSAFE, applied=True),
        item(Level.SAFE),  # withheld
        item(Level.UNSAFE),
        item(Level.REVIEW),
        item(Level.NOTE),
    )
    source = make_source("a.py", "")
    reports = [
        ProgramReport((FileReport(source, items, "new"), FileReport(source, (item(Level.REVIEW),)))),
        ProgramReport((), (Unreadable("b.py", "no"),)),
    ]
    assert count(reports, 7) == RunSummary(files=7, changed=1, edits=2, unsafe=1, review=3, notes=1, errors=1)


def test_an_edit_that_only_waits_is_no_site_to_review() -> None:
    waiting = Item(1, 1, "MIG301", "message", Level.REVIEW, 1, 2, waits=True)
    reports = [ProgramReport((FileReport(make_source("a.py", ""), (waiting, item(Level.REVIEW))),))]
    assert count(reports, 1) == RunSummary(files=1, review=1, waiting=1)


@pytest.mark.parametrize(
    ("outcome", "written", "strict", "code"),
    [
        pytest.param(RunSummary(1), False, True, Exit.DONE, id="nothing to do"),
        pytest.param(RunSummary(1, changed=1), False, False, Exit.PENDING, id="changes pending"),
        pytest.param(RunSummary(1, changed=1), True, False, Exit.DONE, id="changes written"),
        pytest.param(RunSummary(1, review=1), False, False, Exit.DONE, id="review items are fine unless strict"),
        pytest.param(RunSummary(1, review=1), False, True, Exit.REVIEW, id="review items left"),
        pytest.param(RunSummary(1, unsafe=1), False, True, Exit.REVIEW, id="withheld unsafe changes left"),
        pytest.param(RunSummary(1, notes=1), False, True, Exit.DONE, id="notes never count"),
        pytest.param(RunSummary(1, changed=1, review=1), True, True, Exit.REVIEW, id="written, and items left"),
        pytest.param(RunSummary(1, changed=1, review=1), False, True, Exit.PENDING, id="pending comes before left"),
        pytest.param(RunSummary(1, changed=1, review=1, errors=1), False, True, Exit.FILE, id="errors come first"),
        pytest.param(RunSummary(1, changed=1, errors=1), True, False, Exit.FILE, id="written but for an error"),
    ],
)
def test_the_exit_code(outcome: RunSummary, written: bool, strict: bool, code: Exit) -> None:
    assert outcome.exit_code(written, strict) is code
