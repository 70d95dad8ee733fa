"""Which lines of the script print: what comes once per process is told by its line."""

from __future__ import annotations

import sys

from migrator.verify.recorder.journal import Journal
from migrator.verify.trace import Print

_MAX_SHOWN = 80


def watch_console(journal: Journal) -> None:
    """Note each line of the script when it prints for the first time."""
    write = sys.stdout.write
    known: set[str] = set()

    def noted(text: str) -> int:
        place = journal.place() if text.strip() else ""
        if place and place not in known:
            known.add(place)
            journal.note(Print(text.strip()[:_MAX_SHOWN], place))
        return write(text)

    sys.stdout.write = noted  # type: ignore[method-assign]
