"""What a finding asks of its reader; of no floor, so that a report is read without the rules that wrote it."""

from __future__ import annotations

from enum import Enum


class Level(str, Enum):
    """What an item asks of its reader."""

    SAFE = "safe"  # an edit that keeps the meaning
    UNSAFE = "unsafe"  # an edit that is applied with --unsafe only
    REVIEW = "review"  # a site that matters, was left alone, and needs a decision
    NOTE = "note"  # worth knowing, nothing to do
