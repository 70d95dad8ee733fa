"""The result in the form that is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from migrator.errors import Exit, MigrateError
from migrator.verify.result import Outcome, Result
from migrator.verify.show import data, page
from migrator.verify.show.summary import lines

EXITS = {Outcome.EQUAL: Exit.DONE, Outcome.DIFFERENT: Exit.DIFFERENT, Outcome.UNKNOWN: Exit.UNVERIFIED}


def write(result: Result, path: str) -> None:
    """Write a page, or all figures as JSON, by the ending of the name.

    Raises:  MigrateError where the file cannot be written; what was there stays.
    """
    text = page.render(result) if path.endswith(".html") else data.render(result)
    beside = Path(f"{path}.{os.getpid()}.partial")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise MigrateError(f"{path} cannot be written ({error.strerror})") from error


__all__ = ["EXITS", "lines", "write"]
