"""The Accelerator itself: made once, handed to whoever needs it, imported."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.change import Change
from migrator.rules.rule import Rule
from migrator.training.training import Training


class CreateAccelerator(Rule):
    """Make the Accelerator.

    What: `accelerator = Accelerator()` before the first line that needs it, in the innermost block that leads to all of
    them: at module level, in `main()`, or as `self.accelerator` in a class; and its import.
    Why: everything else goes through it. A flag that forbids the GPU becomes `Accelerator(cpu=...)`.
    Safety: safe. Where no place reaches every site, the program is left alone.
    Source: Accelerate's quick tour.
    """

    code = "MIG001"
    name = "create-accelerator"

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # the plan makes it, once it knows who needs it


class CleanUp(Rule):
    """Remove what the migration itself made unused.

    What: a device variable that nothing reads any more.
    Why: a left-over would suggest that it still decides something.
    Safety: safe; only what was used before and is not after.
    Source: contract, P5.
    """

    code = "MIG002"
    name = "import-cleanup"

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # the plan does it, once it knows what is left


class ThreadAccelerator(Rule):
    """Hand the Accelerator to the functions that need it.

    What: functions that get their model as a parameter get `accelerator` too, at every call; methods find it on `self`.
    Why: a function that trains must reach the Accelerator that prepared its objects.
    Safety: safe where every call is visible; positions and defaults are kept.
    Source: contract, P4.
    """

    code = "MIG003"
    name = "thread-accelerator"

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # the plan does it, once it knows who needs it


RULES: tuple[type[Rule], ...] = (CreateAccelerator, CleanUp, ThreadAccelerator)
