"""The report as one JSON document, for editors, bots and scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from migrator import __version__
from migrator.errors import FileProblem
from migrator.report.report import Item, ProgramReport
from migrator.report.summary import RunSummary


def _item(path: str, item: Item) -> dict[str, object]:
    return {
        "code": item.code,
        "level": item.level.value,
        "file": path,
        "line": item.line,
        "column": item.column,
        "end_line": item.end_line,
        "end_column": item.end_column,
        "message": item.message,
        "reason": item.reason,
        "help": item.help,
        "applied": item.applied,
        "waits": item.waits,
        "blocks": item.blocks,
    }


def _error(error: FileProblem) -> dict[str, object]:
    kind = type(error).__name__.lower()
    return {"kind": kind, "file": error.path, "line": error.line, "column": error.column, "message": error.message}


def render(reports: Sequence[ProgramReport], outcome: RunSummary, written: bool, with_text: bool = False) -> str:
    """Write every edit, finding and error; ``applied`` marks the items that the new text contains.

    Args:    written: whether that text is on disk. with_text: add it to each changed file (for standard input, whose
             new text has no other place to go).
    """
    files = []
    for file in (file for report in reports for file in report.files):
        path = file.source.path
        entry: dict[str, object] = {
            "path": path,
            "changed": file.text is not None,
            "items": [_item(path, item) for item in sorted(file.items)],
        }
        if with_text and file.text is not None:
            entry["text"] = file.text
        files.append(entry)
    document = {
        "version": __version__,
        "files": files,
        "errors": [_error(error) for report in reports for error in report.problems],
        "summary": {**asdict(outcome), "written": written},
    }
    return json.dumps(document, indent=2) + "\n"
