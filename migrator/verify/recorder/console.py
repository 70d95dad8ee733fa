"""Which lines of the script print or draw a progress bar."""

from __future__ import annotations

import sys
from typing import TextIO

from migrator.verify.recorder.journal import Journal
from migrator.verify.trace import Print

_MAX_SHOWN = 80


def watch_console(journal: Journal) -> None:
    """Note each line of the script when it prints, or draws over what is there, for the first time.

    What else goes to standard error are warnings and logs, which every process may have.
    """
    known: set[str] = set()

    def watch(stream: TextIO, bars_alone: bool) -> None:
        write = stream.write

        def noted(text: str) -> int:
            is_seen = "\r" in text if bars_alone else bool(text.strip())
            place = journal.place() if is_seen else ""
            if place and place not in known:
                known.add(place)
                journal.note(Print(text.strip()[:_MAX_SHOWN], place))
            return write(text)

        stream.write = noted  # type: ignore[method-assign]

    watch(sys.stdout, bars_alone=False)
    watch(sys.stderr, bars_alone=True)
