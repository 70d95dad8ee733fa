"""The request for a verification, and what is printed before anything runs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.errors import Unverifiable, UsageError
from migrator.report.report import ProgramReport
from migrator.verify.edits import changed_files


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    command: tuple[str, ...]  # the script, or -m and a module, then its arguments
    paths: tuple[str, ...]  # what was given to migrate
    processes: int = 2
    steps: int = 20
    timeout_s: float = 600.0
    against: str = ""  # the git revision that is the original, where the files are migrated already
    share: tuple[str, ...] = ()  # folders that are used in place, not copied

    @property
    def is_module(self) -> bool:
        """Whether the script is named as a module."""
        return self.command[0] == "-m"

    @property
    def script(self) -> str:
        """The path of the script, or the name of the module."""
        return self.command[1] if self.is_module else self.command[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the script is given."""
        return self.command[2 if self.is_module else 1 :]


def check(request: Request, reports: Sequence[ProgramReport]) -> None:
    """Check that there is something to run, and something to compare.

    Raises:  UsageError, or Unverifiable where migrate changes nothing; both say what to do.
    """
    if not request.command or (request.is_module and len(request.command) < 2):
        raise UsageError("--verify runs a script: give it, with its arguments, after --")
    if not request.is_module and not os.path.isfile(request.script):
        raise UsageError(f"--verify: {request.script} is not a file; give the script after --, as you would to python")
    changed = changed_files(reports)
    if request.against and changed:
        names = ", ".join(file.source.path for file in changed[:3])
        raise UsageError(
            f"--against is for files that are already migrated, but migrate would change {names}; run without --against"
        )
    if not request.against and not changed:
        raise Unverifiable(
            "--verify: migrate changes nothing here, so there is nothing to compare (-v shows why); "
            "if the files are already migrated, give the git revision of the original: --against REV"
        )


def plan(request: Request, root: str) -> Iterator[str]:
    """Say what will be executed, where, and for how long at most."""
    command = shlex.join(("python", *request.command))
    yield f"This executes your code: {command}, in copies of {root} that are removed afterwards."
    yield (
        f"It runs the original and the migrated script on one process, and the migrated one on {request.processes} "
        "processes; as references, the original on the batches of each process, and on those of all. If something "
        f"differs, the original runs again. Each run takes at most {request.steps} optimizer steps and {request.timeout_s:g} s."
    )
