"""A tracker that needs nothing: one line of JSON for each call of ``log``, in one file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

from runtime.tracking import GeneralTracker


def _plain(value: Any) -> Any:
    """Make what JSON cannot hold into what it can: numbers of torch and numpy, then text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


class JSONLinesTracker(GeneralTracker):
    """Appends to ``<logging_dir>/<run_name>/log.jsonl``.

    The first line of a run is ``{"config": {...}}``, every other one ``{"step": 3, "loss": 0.5}``. A line stands on
    disk when ``log`` returns.
    """

    name = "jsonl"
    requires_logging_directory = True

    def __init__(self, run_name: str, logging_dir: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(logging_dir) / run_name / "log.jsonl"
        self._file: IO[str] | None = None

    @property
    def tracker(self) -> Path:
        """The file."""
        return self.path

    def start(self) -> None:
        """Open the file, to append."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8", buffering=1)  # a line at a time

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            self.start()
        assert self._file is not None
        self._file.write(json.dumps(line, default=_plain, ensure_ascii=False) + "\n")

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Write the settings."""
        self._write({"config": values})

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Write the values of one step."""
        self._write({**({} if step is None else {"step": step}), **values, **kwargs})

    def finish(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
