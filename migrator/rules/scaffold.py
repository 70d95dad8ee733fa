"""The Accelerator: created once, imported, and passed to the functions that need it."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.change import Argument, Change, Step, Way
from migrator.rules.device_notes import about_device, about_index
from migrator.rules.fact import ACCELERATOR, FOR_PREPARED
from migrator.rules.rule import DerivedRule, Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Drop, Insert
from migrator.source.module import Module
from migrator.training.device_request import CpuArgument, cpu_argument
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
        if not training.missing:
            return
        cpu = cpu_argument(training)
        yield from about_device(training, cpu)
        if cpu.ways:
            node = training.program.entry.root
            yield Change(self.code, training.program.entry, node, "", requires=FOR_PREPARED, arguments=(_cpu(cpu),))

    @classmethod
    def made(cls, module: Module, below: s.Statement, line: str, insert: Insert) -> Change:
        """Report that it is made before a statement."""
        return Change(
            cls.code,
            module,
            below,
            f"Create the Accelerator: `{line}`",
            (Step(module, below, insert),),
            provides=frozenset({ACCELERATOR}),
        )


def _cpu(cpu: CpuArgument) -> Argument:
    """The argument that keeps the script on the CPU if its user asks for that."""
    ways = tuple(Way(text, reads) for text, reads in cpu.ways)
    device = cpu.user_device
    if device is None:
        return Argument("cpu", ways)

    def notes(module: Module, below: s.Node) -> Iterator[Change]:
        return about_index(device, module, below) if device.may_index else iter(())

    return Argument("cpu", ways, device.lines, notes)


class CleanUp(DerivedRule):
    """Remove variables that the migration made unused.

    What: a device variable that no code reads any more.
    Why: it would suggest that it still chooses the device.
    Safety: safe; only variables that were read before the migration and are not read after it.
    Source: README, "Limits".
    """

    code = "MIG002"
    name = "import-cleanup"
    effect = Effect.EDITS

    @classmethod
    def dropped(cls, module: Module, statement: s.Statement, name: str) -> Change:
        """Drop the assignment of a variable that is no longer read."""
        message = f"Remove `{name}`, which is no longer used"
        return Change(cls.code, module, statement, message, (Step(module, statement, Drop(statement)),))


class ThreadAccelerator(DerivedRule):
    """Pass the Accelerator to the functions that need it.

    What: a function that needs it gets a parameter `accelerator`, and every call an argument; methods read it from `self`.
    Why: a function that trains must use the Accelerator that prepared its objects.
    Safety: safe where all calls of the function are known; positions and defaults of its parameters are kept.
    Source: README, "Limits".
    """

    code = "MIG003"
    name = "thread-accelerator"
    effect = Effect.EDITS

    @classmethod
    def threaded(cls, module: Module, function: s.Node, message: str, steps: tuple[Step, ...]) -> Change:
        """Report that a function takes it as a parameter."""
        return Change(cls.code, module, function, message, steps)


RULES: tuple[type[Rule], ...] = (CreateAccelerator, CleanUp, ThreadAccelerator)
