"""The Accelerator: created once, imported, and passed to the functions that need it."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.change import Change
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.training.training import Training


class CreateAccelerator(Rule):
    """Create the Accelerator.

    What: `accelerator = Accelerator()` before the first line that needs it: at module level, in `main()`, or as
    `self.accelerator` in a class; and its import.
    Why: all other edits use it. A flag that forbids the GPU becomes `Accelerator(cpu=...)`.
    Safety: safe. If there is no place from which all edits can reach it, no file of the program is changed.
    Source: Accelerate's quick tour.
    """

    code = "MIG001"
    name = "create-accelerator"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # the plan makes it, once it knows who needs it


class CleanUp(Rule):
    """Remove variables that the migration made unused.

    What: a device variable that no code reads any more.
    Why: it would suggest that it still chooses the device.
    Safety: safe; only variables that were read before the migration and are not read after it.
    Source: README, "Limits".
    """

    code = "MIG002"
    name = "import-cleanup"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # the plan does it, once it knows what is left


class ThreadAccelerator(Rule):
    """Pass the Accelerator to the functions that need it.

    What: a function that needs it gets a parameter `accelerator`, and every call an argument; methods read it from `self`.
    Why: a function that trains must use the Accelerator that prepared its objects.
    Safety: safe where all calls of the function are known; positions and defaults of its parameters are kept.
    Source: README, "Limits".
    """

    code = "MIG003"
    name = "thread-accelerator"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # the plan does it, once it knows who needs it


RULES: tuple[type[Rule], ...] = (CreateAccelerator, CleanUp, ThreadAccelerator)
