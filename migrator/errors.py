"""Errors that the user can do something about.

MigrateError
|-- UsageError        exit 2: a wrong flag, a missing path
|   `-- ConfigError   exit 2: `[tool.migrate]` cannot be used
|-- Unverifiable      `--verify` cannot be carried out
`-- FileProblem       exit 123: this file is not changed, the others are still migrated
    |-- Unreadable    cannot be opened, decoded or parsed
    |-- Unwritable    cannot be replaced, or changed during the run
    `-- Distrusted    the result failed one of our checks
"""

from __future__ import annotations

from enum import IntEnum


class MigrateError(Exception):
    """Base class: its text says what happened, where, and what to do."""


class UsageError(MigrateError):
    """The command line cannot be carried out as written."""


class ConfigError(UsageError):
    """`[tool.migrate]` holds a key or a value that we do not know."""


class Unverifiable(MigrateError):
    """The program cannot be run in a copy of its project."""


class FileProblem(MigrateError):
    """One file cannot be migrated; nothing of it was changed."""

    def __init__(self, path: str, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{path}:{line}:{column}: {message}")
        self.path = path
        self.message = message
        self.line = line
        self.column = column

    def __reduce__(self) -> tuple[type[FileProblem], tuple[str, str, int, int]]:
        return type(self), (self.path, self.message, self.line, self.column)


class Unreadable(FileProblem):
    """The file cannot be opened, decoded, parsed or reproduced byte for byte."""


class Unwritable(FileProblem):
    """The file cannot be replaced, or it changed between our reading and our writing."""


class Distrusted(FileProblem):
    """The result failed one of our own checks. INTERNAL ERROR: please report it."""


class Exit(IntEnum):
    """The exit code of the command."""

    DONE = 0  # nothing to do, or all written
    PENDING = 1  # changes are pending
    USAGE = 2  # usage, configuration, missing path
    REVIEW = 3  # with --strict: sites are left to review
    DIFFERENT = 4  # with --verify: the migrated program computes something else
    UNVERIFIED = 5  # with --verify: it could not be run, or not be judged
    FILE = 123  # a file could not be read, parsed or written, or our guard stopped it; the others are done
    INTERRUPTED = 130
