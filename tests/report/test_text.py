"""Lines for people: findings, problems, summaries."""

from __future__ import annotations

import pytest

from migrator.errors import Unreadable
from migrator.report import text
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.report.summary import RunSummary
from migrator.source.text import make_source

EDIT = Item(6, 5, "MIG301", "Replace it", Level.SAFE, 6, 20, reason="", applied=True)
FINDING = Item(3, 1, "MIG904", "Two\nlines", Level.REVIEW, 3, 9, "It blocks.\nReally.", "Do this.")
NOTE = Item(1, 2, "MIG912", "Not sharded", Level.NOTE, 1, 3)
REPORTS = [ProgramReport((FileReport(make_source("a b.py", "x = 1\n"), (EDIT, FINDING, NOTE), "y"),))]


def test_findings_are_one_line_each_in_the_order_of_the_file_without_the_edits() -> None:
    assert list(text.findings(REPORTS, verbose=False)) == [
        "a b.py:1:2: MIG912 [note] Not sharded",
        "a b.py:3:1: MIG904 [review] Two lines",
    ]


def test_verbose_findings_add_the_edits_the_reasons_and_the_recipes() -> None:
    assert list(text.findings(REPORTS, verbose=True)) == [
        "a b.py:1:2: MIG912 [note] Not sharded",
        "a b.py:3:1: MIG904 [review] Two lines",
        "    why  It blocks.",
        "         Really.",
        "    fix  Do this.",
        "a b.py:6:5: MIG301 Replace it",
    ]


def test_what_waits_for_another_finding_is_shown_with_v_alone() -> None:
    waiting = Item(9, 1, "MIG301", "Replace it", Level.REVIEW, 9, 2, "it needs MIG201", waits=True)
    reports = [ProgramReport((FileReport(make_source("a.py", ""), (waiting,)),))]
    assert list(text.findings(reports, verbose=False)) == []
    assert list(text.findings(reports, verbose=True)) == [
        "a.py:9:1: MIG301 [blocked] Replace it",
        "    why  it needs MIG201",
    ]


def test_what_blocks_the_program_comes_first_and_says_so() -> None:
    blocker = Item(8, 1, "MIG401", "Stop", Level.REVIEW, 8, 2, blocks=True)
    reports = [ProgramReport((FileReport(make_source("a.py", ""), (NOTE, FINDING, blocker)),))]
    marks = [line.split()[2] for line in text.findings(reports, verbose=False)]
    assert marks == ["[blocks]", "[note]", "[review]"]


def test_a_problem_is_a_line_that_editors_can_jump_to() -> None:
    assert text.problem(Unreadable("a.py", "cannot be parsed", 4, 2)) == "a.py:4:2: error: cannot be parsed"


@pytest.mark.parametrize(("number", "expected"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (21, "21 files")])
def test_plurals(number: int, expected: str) -> None:
    assert text.plural(number, "file") == expected


@pytest.mark.parametrize(
    ("outcome", "written", "expected"),
    [
        pytest.param(RunSummary(0), False, "No Python files found.", id="no files"),
        pytest.param(RunSummary(1), False, "Nothing to change in 1 file.", id="nothing in one file"),
        pytest.param(RunSummary(9), True, "Nothing to change in 9 files.", id="nothing in many files"),
        pytest.param(
            RunSummary(1, changed=1, edits=1), False, "1 file would change (1 edit). (--write applies)", id="one of one"
        ),
        pytest.param(
            RunSummary(3, changed=1, edits=2),
            False,
            "1 of 3 files would change (2 edits). (--write applies)",
            id="one of three",
        ),
        pytest.param(RunSummary(2, changed=2, edits=7), True, "2 files changed (7 edits).", id="all written"),
        pytest.param(
            RunSummary(1, blocking=1, waiting=5),
            False,
            "No file would be changed, 1 finding blocks 5 edits. (-v shows reasons and fixes)",
            id="one finding blocks the edits",
        ),
        pytest.param(
            RunSummary(2, blocking=3, review=1, waiting=10, notes=2),
            True,
            "No file was changed, 3 findings block 10 edits, 1 site to review, 2 notes. (-v shows reasons and fixes)",
            id="several findings block the edits",
        ),
        pytest.param(
            RunSummary(2, review=1, notes=2),
            False,
            "No file would be changed, 1 site to review, 2 notes. (-v shows reasons and fixes)",
            id="findings alone",
        ),
        pytest.param(
            RunSummary(4, changed=1, edits=3, unsafe=1, review=2, notes=1, errors=2),
            False,
            "1 of 4 files would change (3 edits), 1 unsafe change withheld, 2 sites to review, 1 note, 2 errors. "
            "(--write applies; --unsafe applies them as well; -v shows reasons and fixes)",
            id="everything at once",
        ),
    ],
)
def test_the_summary_counts_with_correct_plurals(outcome: RunSummary, written: bool, expected: str) -> None:
    assert text.summary(outcome, written) == expected


def test_a_verbose_summary_does_not_advertise_verbosity() -> None:
    assert text.summary(RunSummary(1, review=1), False, verbose=True) == "No file would be changed, 1 site to review."
