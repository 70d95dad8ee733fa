"""The Accelerator itself: made once, handed to whoever needs it, imported."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.change import Argument, Change, Step, Way
from migrator.rules.device_notes import about_device, about_index
from migrator.rules.fact import ACCELERATOR, FOR_PREPARED
from migrator.rules.rule import DerivedRule, Rule
from migrator.source import syntax as s
from migrator.source.block import Drop, Insert
from migrator.source.module import Module
from migrator.training.device_request import CpuArgument, cpu_argument
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
            f"Make the Accelerator: `{line}`",
            (Step(module, below, insert),),
            provides=frozenset({ACCELERATOR}),
        )


def _cpu(cpu: CpuArgument) -> Argument:
    """The argument that keeps the script on the CPU where its user wants that."""
    ways = tuple(Way(text, reads) for text, reads in cpu.ways)
    device = cpu.user_device
    if device is None:
        return Argument("cpu", ways)

    def notes(module: Module, below: s.Node) -> Iterator[Change]:
        return about_index(device, module, below) if device.may_index else iter(())

    return Argument("cpu", ways, device.lines, notes)


class CleanUp(DerivedRule):
    """Remove what the migration itself made unused.

    What: a device variable that nothing reads any more.
    Why: a left-over would suggest that it still decides something.
    Safety: safe; only what was used before and is not after.
    Source: contract, P5.
    """

    code = "MIG002"
    name = "import-cleanup"

    @classmethod
    def dropped(cls, module: Module, statement: s.Statement, name: str) -> Change:
        """Drop the assignment of a variable that has no reader left."""
        message = f"Remove `{name}`, which nothing reads any more"
        return Change(cls.code, module, statement, message, (Step(module, statement, Drop(statement)),))


class ThreadAccelerator(DerivedRule):
    """Hand the Accelerator to the functions that need it.

    What: functions that get their model as a parameter get `accelerator` too, at every call; methods find it on `self`.
    Why: a function that trains must reach the Accelerator that prepared its objects.
    Safety: safe where every call is visible; positions and defaults are kept.
    Source: contract, P4.
    """

    code = "MIG003"
    name = "thread-accelerator"

    @classmethod
    def threaded(cls, module: Module, function: s.Node, message: str, steps: tuple[Step, ...]) -> Change:
        """Report that a function takes it as a parameter."""
        return Change(cls.code, module, function, message, steps)


RULES: tuple[type[Rule], ...] = (CreateAccelerator, CleanUp, ThreadAccelerator)
