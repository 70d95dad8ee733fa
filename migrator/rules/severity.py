"""What a finding asks of its reader, and what a rule does where it applies; a report needs nothing else of the rules."""

from __future__ import annotations

from enum import Enum


class Level(str, Enum):
    """What an item asks of its reader."""

    SAFE = "safe"  # an edit that keeps the meaning
    UNSAFE = "unsafe"  # an edit that is applied with --unsafe only
    REVIEW = "review"  # a site that was not changed and needs a decision
    NOTE = "note"  # worth knowing, nothing to do


class Effect(str, Enum):
    """What a rule does where it applies; a rule that does several things is named by the first of these."""

    EDITS = "edits"
    EDITS_WITH_UNSAFE = "edits (--unsafe)"
    BLOCKS = "blocks"  # reports, and no file of the program is changed
    REVIEWS = "reviews"  # reports a site that needs a decision
    NOTES = "notes"  # reports what is worth knowing
