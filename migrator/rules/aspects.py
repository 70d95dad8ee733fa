"""Which rules a verification thinks of: whose edits can make a kind of difference, and whose findings explain one.

A code stands for one rule's, its beginning for those of a family.
"""

from __future__ import annotations

Codes = tuple[str, ...]

# whose edits can make a kind of difference
DATA_ORDER: Codes = ("MIG201", "MIG206", "MIG703", "MIG403")
SHARDING: Codes = ("MIG201", "MIG206", "MIG403")
MISSED_BACKWARD: Codes = ("MIG301",)
DOUBLE_DIVISION: Codes = ("MIG301", "MIG306", "MIG201")
CADENCE: Codes = ("MIG203", "MIG201")
UNSYNCHRONISED: Codes = ("MIG201", "MIG207", "MIG301")
RANDOM_STREAM: Codes = ("MIG1", "MIG703", "MIG206")
START: Codes = ("MIG1", "MIG5")
LOCAL_DECISION: Codes = ("MIG206", "MIG406", "MIG6")
GRADIENTS: Codes = ("MIG301", "MIG201", "MIG207")
OPTIMIZER: Codes = ("MIG201", "MIG212")
OUT_OF_STEP: Codes = ("MIG201", "MIG406", "MIG501", "MIG505")
CHECKPOINT: Codes = ("MIG5",)
FILES: Codes = ("MIG5", "MIG406")
CONSOLE: Codes = ("MIG702", "MIG703", "MIG406")

# whose findings explain a difference between processes, and whose edits promise that there is none at their line
EXPLAIN: dict[str, Codes] = {
    "console": ("MIG702", "MIG703", "MIG705"),
    "files": ("MIG505", "MIG506", "MIG704", "MIG705"),
}
SETTLE: dict[str, Codes] = {"console": ("MIG7",), "files": ("MIG5",)}

# whose edits stand apart from the place that needs them
APART: Codes = ("MIG001", "MIG002")
