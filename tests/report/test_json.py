"""The JSON document: its keys are a promise."""

from __future__ import annotations

import json as stdlib_json

from migrator import __version__
from migrator.errors import Distrusted, Unreadable
from migrator.report import json
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.report.summary import count
from migrator.source.text import make_source

EDIT = Item(6, 5, "MIG301", "Replace it", Level.SAFE, 6, 20, applied=True)
FINDING = Item(3, 1, "MIG904", "Left", Level.REVIEW, 4, 9, "It blocks.", "Do this.")
REPORTS = [
    ProgramReport((FileReport(make_source("ä \udcff.py", "x\n"), (EDIT, FINDING), "y\n"),)),
    ProgramReport((), (Unreadable("b.py", "cannot be parsed", 4, 2), Distrusted("c.py", "INTERNAL ERROR"))),
]


def test_every_key_is_there_and_positions_count_from_one() -> None:
    document = stdlib_json.loads(json.render(REPORTS, count(REPORTS, 5), written=False))
    assert document == {
        "version": __version__,
        "files": [
            {
                "path": "ä \udcff.py",
                "changed": True,
                "items": [
                    {
                        "code": "MIG904",
                        "level": "review",
                        "file": "ä \udcff.py",
                        "line": 3,
                        "column": 1,
                        "end_line": 4,
                        "end_column": 9,
                        "message": "Left",
                        "reason": "It blocks.",
                        "help": "Do this.",
                        "applied": False,
                        "waits": False,
                        "blocks": False,
                    },
                    {
                        "code": "MIG301",
                        "level": "safe",
                        "file": "ä \udcff.py",
                        "line": 6,
                        "column": 5,
                        "end_line": 6,
                        "end_column": 20,
                        "message": "Replace it",
                        "reason": "",
                        "help": "",
                        "applied": True,
                        "waits": False,
                        "blocks": False,
                    },
                ],
            }
        ],
        "errors": [
            {"kind": "unreadable", "file": "b.py", "line": 4, "column": 2, "message": "cannot be parsed"},
            {"kind": "distrusted", "file": "c.py", "line": 1, "column": 1, "message": "INTERNAL ERROR"},
        ],
        "summary": {
            "files": 5,
            "changed": 1,
            "edits": 1,
            "unsafe": 0,
            "blocking": 0,
            "review": 1,
            "waiting": 0,
            "notes": 0,
            "errors": 2,
            "written": False,
        },
    }


def test_the_document_is_ascii_whatever_the_names_are() -> None:
    assert json.render(REPORTS, count(REPORTS, 5), written=True).isascii()


def test_the_new_text_is_added_on_demand() -> None:
    document = stdlib_json.loads(json.render(REPORTS, count(REPORTS, 5), written=False, with_text=True))
    assert document["files"][0]["text"] == "y\n"
