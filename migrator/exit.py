"""The exit codes, each with one meaning."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the command tells its caller."""

    DONE = 0  # nothing to do, or all written
    PENDING = 1  # changes are pending
    USAGE = 2  # usage, configuration, missing path
    REVIEW = 3  # with --strict: sites are left to review
    DIFFERENT = 4  # with --verify: the migrated program computes something else
    UNVERIFIED = 5  # with --verify: it could not be run, or not be judged
    FILE = 123  # a file could not be read, parsed or written, or our guard stopped it; the others are done
    INTERRUPTED = 130
