"""The edits of a migration as a verification needs them: where they stand in the new text, and the diff in hunks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from migrator.report.report import FileReport, ProgramReport
from migrator.rules import aspects
from migrator.verify.result import Hunk

_CONTEXT = 3

Codes = Sequence[tuple[str, int, int, int, int]]


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, by its line in the migrated file."""

    file: str  # from the project's root
    line: int
    code: str
    message: str


def changed_files(reports: Sequence[ProgramReport]) -> list[FileReport]:
    """List the files that a migration changes."""
    return [file for report in reports for file in report.files if file.text is not None]


def new_line(file: FileReport, line: int) -> int:
    """Give the line of a migrated file that a line of the old one became, or the first of those that took its place."""
    return _new_line(_opcodes(file), line)


def edits(files: Sequence[FileReport], root: str) -> list[Edit]:
    """List all edits, in the order of lines."""
    return [
        Edit(os.path.relpath(file.source.path, root), _new_line(codes, item.line), item.code, item.message)
        for file in files
        for codes in [_opcodes(file)]
        for item in file.items
        if item.applied
    ]


def hunks(files: Sequence[FileReport], root: str) -> Iterator[Hunk]:
    """Give the diff, hunk by hunk, with the edits that made each."""
    for file in files:
        old, new = file.source.text.splitlines(), (file.text or "").splitlines()
        applied = [item for item in file.items if item.applied]
        for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT):
            start, end = group[0][1], group[-1][2]
            here = [item for item in applied if start <= item.line - 1 <= end]
            # An import that a rule needs stands apart from its place.
            made = [(item.code, item.message) for item in here or applied if here or item.code in aspects.APART]
            yield Hunk(
                os.path.relpath(file.source.path, root), (*_unified(group, old, new),), tuple(dict.fromkeys(made))
            )


def _unified(group: Codes, old: list[str], new: list[str]) -> Iterator[str]:
    (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
    yield f"@@ -{i1 + 1},{i2 - i1} +{j1 + 1},{j2 - j1} @@"
    for tag, a, b, c, d in group:
        if tag == "equal":
            yield from (f" {line}" for line in old[a:b])
        else:
            yield from (f"-{line}" for line in old[a:b])
            yield from (f"+{line}" for line in new[c:d])


def _opcodes(file: FileReport) -> Codes:
    old, new = file.source.text.splitlines(), (file.text or "").splitlines()
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _new_line(codes: Codes, line: int) -> int:
    """Give the line of the new text that a line of the old one became, or the first of those that took its place."""
    for tag, a, b, c, d in codes:
        if a < line <= b:
            return c + min(line - a, d - c) if tag != "equal" else line - a + c
    return line


def nearest(found: Sequence[Edit], codes: Sequence[str], place: str) -> Edit | None:
    """Find the edit that lies nearest to a place: among those of the likeliest rules that have any, else among all.

    Args:    codes: rules, or families of rules by their first digits, the likeliest first. place: `file.py:12`; may be
                 empty.
    """
    file, _, line = place.rpartition(":")
    number = int(line) if line.isdigit() else 0
    families = ([edit for edit in found if edit.code.startswith(code)] for code in codes)
    likely = next(filter(None, families), found)
    return min(likely, key=lambda edit: (edit.file != file, abs(edit.line - number)), default=None)
