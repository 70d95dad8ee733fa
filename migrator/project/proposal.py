"""The result for one program: its report, its edits, and what else runs or uses the code that they change."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import NamedTuple

from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.source.edit import Edit

MODULE = -1  # in the place of a function's number: the code of the module itself


class Placed(NamedTuple):
    """An edit, and its place."""

    edit: Edit
    function: int  # the number of the innermost function around it; MODULE outside of any
    name: str | None  # of the outermost function or class around it


class Assumption(NamedTuple):
    """A file outside of a program uses what it changes, and is assumed to be changed as well."""

    path: str
    name: str
    user: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """The result for one program; its paths are normalised."""

    entry: str
    report: ProgramReport | None
    modules: frozenset[str] = frozenset()  # the files that it reaches
    edits: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    runs: dict[str, frozenset[int]] = field(default_factory=dict)  # the functions that it runs, by their number
    assumptions: frozenset[Assumption] = frozenset()
    blocked_by: frozenset[str] = frozenset()  # files outside that use what it would have changed
    migrated_together: frozenset[str] = frozenset()  # files that are taken to change with it
    alternative: Proposal | None = None  # what it wants where all files change that use what it changes

    def where_together(self, files: frozenset[str]) -> Proposal | None:
        """Give what the program wants where some files change with it; None where that has to be found out."""
        if self.blocked_by.isdisjoint(files) and not self.edits:
            return self  # what blocks it still does
        other = self.alternative
        if other is not None and other.migrated_together <= files and other.blocked_by.isdisjoint(files):
            return other
        return None

    def concerns(self, path: str, placed: Placed, other: Proposal) -> bool:
        """Whether one of its edits would break another program that does not make the same edit."""
        assumed = any(x.path == path and x.name == placed.name and x.user in other.modules for x in self.assumptions)
        return assumed or placed.function in other.runs[path]

    def source_report(self, path: str) -> FileReport:
        """Give the report of a file that it changes."""
        assert self.report is not None
        return next(file for file in self.report.files if os.path.normpath(file.source.path) == path)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An edit of one program that would break another."""

    one: Proposal
    other: Proposal
    path: str
    edit: Edit

    def file(self) -> FileReport:
        """Report it at the place of the edit."""
        from migrator.rules.blockers import SharedFile  # most runs have none of these, and need no rules

        source = self.one.source_report(self.path).source
        line, column = source.where(self.edit.span.start)
        message = f"{self.one.entry} needs this code changed, but {self.other.entry} also runs it and does not make the same change"
        item = Item(
            line, column, SharedFile.code, message, Level.REVIEW, line, column,
            reason="code that programs share is changed for all of them or for none, so neither program is changed",
            help=f"resolve the findings of {self.other.entry}, or let it use a copy of this file",
        )  # fmt: skip
        return FileReport(source, (item,))
