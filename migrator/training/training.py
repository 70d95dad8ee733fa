"""The training model: everything that the rules ask about a program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from migrator.errors import FileProblem
from migrator.inference.interpret import interpret
from migrator.inference.objects import Kind, Object
from migrator.inference.program import Program
from migrator.inference.trace import Escaped, Iterated, Made, NeededOnHost
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.components import Components
from migrator.training.device import Definition, Devices
from migrator.training.device_condition import picked_device
from migrator.training.device_use import DeviceUse
from migrator.training.object_use import Use
from migrator.training.placement import PlacementResult, place
from migrator.training.rank_divergence import RankDivergence
from migrator.training.recognition import handed_over, is_prepared, trains
from migrator.training.trained_program import TrainedProgram
from migrator.training.use_index import UseIndex
from migrator.training.user_device import UserDevice


@dataclass(frozen=True)
class Training(TrainedProgram):
    """What a program trains, with what, and where: a record of what the analyses found.

    What only some programs need is worked out when it is first asked for, from the fields alone.
    """

    is_training: bool
    missing: tuple[Object, ...]  # of what is required: what the script itself does not prepare
    placement: PlacementResult

    @property
    def is_prepared(self) -> bool:
        """Whether the script itself prepares all that it trains."""
        return bool(self.required) and not self.missing

    @cached_property
    def is_distributed(self) -> bool:
        """Whether the program drives several processes itself and back-propagates by other means (RPC, pipelines)."""
        own = any(
            name.startswith(("torch.distributed.rpc", "torch.distributed.autograd", "torch.distributed.pipelin"))
            for name in self.calls
        )
        return own and not self.is_training

    @cached_property
    def handed_over(self) -> list[Escaped]:
        """Where a program that takes no step itself hands its optimizer, and what that trains, to code that cannot be seen."""
        return [] if self.is_training else handed_over(self.before)

    @cached_property
    def trained_in(self) -> list[Module]:
        """The modules that take part: those with a training step, those that make what is trained, and the entry."""
        found = [self.module_of(event.node) for event in self.components.backwards]
        found += [self.module_of(event.node) for event in self.events(Made) if event.item.kind is Kind.ACCELERATOR]
        return list(dict.fromkeys([*found, self.program.entry]))

    @cached_property
    def on_host(self) -> set[Object]:
        """The prepared loaders whose batches meet the CPU before the script moves them: they must not be moved earlier."""
        met = {event.item.of[0] for event in self.events(NeededOnHost) if event.item.kind is Kind.BATCH}
        moved = {x.of[0] for x in self.after.heap.placed_objects() if x.kind is Kind.BATCH and x.place == "device"}
        return {item for item in met & moved if item.prepared}

    @cached_property
    def shared_draws(self) -> set[s.Expression]:
        """What is drawn from where it is a loader that is prepared: the ``loader`` of ``for x in loader``."""
        return {event.node for event in self.events(Iterated) if self.is_required(event.item)}

    @cached_property
    def divergence(self) -> RankDivergence:
        """What may differ between processes."""
        return RankDivergence(self)

    # ------------------------------------------------------------ devices

    @cached_property
    def devices(self) -> Devices:
        """What the program says about devices."""
        return Devices(self.after)

    @cached_property
    def device_use(self) -> DeviceUse:
        """Which of its devices the training uses."""
        return DeviceUse(self, self.devices)

    @property
    def definitions(self) -> list[Definition]:
        """The device definitions that decide something in the training."""
        return self.device_use.definitions

    @property
    def kept_devices(self) -> dict[Object, s.Node]:
        """The accelerated devices that the training puts things on and that no definition stands for."""
        return self.device_use.kept

    @cached_property
    def user_device(self) -> UserDevice | None:
        """The device that the script's user picks, if the Accelerator can take it over."""
        return picked_device(self.device_use)

    # ------------------------------------------------------------ uses

    def uses(self, item: Object) -> list[Use]:
        """Every use of an object, wherever it flows.

        A rule that handles an object handles all of them; the first that it does not understand withholds its change.
        """
        return self._use_index.of(item)

    @cached_property
    def _use_index(self) -> UseIndex:
        return UseIndex(self.after, self.module_of)

    def unread(self, func: s.Node) -> FileProblem | None:
        """What is wrong with the file that a called function comes from; None for one that could be read."""
        unread = self.before.trace.unread
        while unread and isinstance(func, s.Attribute):
            func = func.value
        return unread.get((self.module_of(func), func.id)) if unread and isinstance(func, s.Name) else None


def analyse(program: Program, elided: frozenset[s.Call] = frozenset()) -> Training:
    """Find what a program trains, and where that can be prepared.

    Args:    elided: calls that are taken for their first argument, since changes will take them away.
    """
    before = interpret(program, elided=elided)
    components = Components(before)
    is_training = trains(before, components)
    required = components.prepared() if is_training else ()
    missing = tuple(item for item in required if not is_prepared(components, item))
    known = PlacementResult(interpreter=before if required else None)  # where the script itself prepares everything
    placement = place(program, components, missing, elided) if missing else known
    after = placement.interpreter or before
    return Training(program, before, after, components, required, is_training, missing, placement)
