"""Answers as plain data, and back: nothing that is read from the disk is executed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from migrator.errors import FileProblem, Unreadable, Unwritable
from migrator.project.proposal import Assumption, Placed, Proposal
from migrator.report.report import FileReport, Item, ProgramReport
from migrator.rules.severity import Level
from migrator.source.edit import Edit
from migrator.source.span import Span
from migrator.source.text import Source

_T = TypeVar("_T")
_PROBLEMS = {kind.__name__: kind for kind in (FileProblem, Unreadable, Unwritable)}
Reader = Callable[[str], "Source | None"]


@dataclass(frozen=True, slots=True)
class Form(Generic[_T]):
    """How answers of one type are stored: as JSON, of which Any stands for what was read from it."""

    write: Callable[[_T], Any]  # what JSON can hold; None for an answer that is not to be kept
    read: Callable[[Any, Reader], _T]  # with what gives the file that has a path


def _write_proposal(proposal: Proposal) -> dict[str, object] | None:
    report = proposal.report
    if report is not None and not all(map(_happens_again, report.problems)):
        return None
    return {
        "entry": proposal.entry,
        "report": report and _write_report(report),
        "modules": sorted(proposal.modules),
        "edits": {path: list(edits) for path, edits in proposal.edits.items()},
        "runs": {path: sorted(functions) for path, functions in proposal.runs.items()},
        "assumptions": sorted(proposal.assumptions),
        "blocked_by": sorted(proposal.blocked_by),
        "migrated_together": sorted(proposal.migrated_together),
        "alternative": proposal.alternative and _write_proposal(proposal.alternative),
    }


def _happens_again(problem: FileProblem) -> bool:
    """Whether a problem is the file's: not a bug of ours, nor a lack of memory."""
    return type(problem).__name__ in _PROBLEMS and not isinstance(problem.__cause__, MemoryError)


def _read_proposal(plain: Any, read: Reader) -> Proposal:
    report = plain["report"]
    return Proposal(
        plain["entry"],
        report and _read_report(report, read),
        frozenset(plain["modules"]),
        {path: tuple(_read_placed(*values) for values in edits) for path, edits in plain["edits"].items()},
        {path: frozenset(functions) for path, functions in plain["runs"].items()},
        frozenset(Assumption(*values) for values in plain["assumptions"]),
        frozenset(plain["blocked_by"]),
        frozenset(plain["migrated_together"]),
        plain["alternative"] and _read_proposal(plain["alternative"], read),
    )


def _read_placed(edit: list[Any], function: int, name: str | None) -> Placed:
    span, text, rank = edit
    return Placed(Edit(Span(*span), text, rank), function, name)


def _write_report(report: ProgramReport) -> dict[str, object]:
    return {
        "files": [[file.source.path, [_write_item(item) for item in file.items], file.text] for file in report.files],
        "problems": [[type(x).__name__, x.path, x.message, x.line, x.column] for x in report.problems],
        "entries": report.entries,
    }


def _read_report(plain: dict[str, Any], read: Reader) -> ProgramReport:
    return ProgramReport(
        tuple(_read_file(read, *values) for values in plain["files"]),
        tuple(_PROBLEMS[kind](*values) for kind, *values in plain["problems"]),
        tuple(plain["entries"]),
    )


def _read_file(read: Reader, path: str, items: list[list[object]], text: str | None) -> FileReport:
    source = read(os.path.normpath(path))
    if source is None:
        raise ValueError(f"{path} is not among what was read")
    return FileReport(source, tuple(map(_read_item, items)), text)


def _write_item(item: Item) -> list[object]:
    return [getattr(item, name) for name in Item.__slots__]


def _read_item(values: list[Any]) -> Item:
    named = dict(zip(Item.__slots__, values, strict=True))
    return Item(**{**named, "level": Level(named["level"])})


def _read_text(plain: object, read: Reader) -> str:
    if not isinstance(plain, str):
        raise TypeError("this is no text")
    return plain


PROPOSAL = Form(_write_proposal, _read_proposal)
TEXT: Form[str] = Form(lambda text: text, _read_text)
