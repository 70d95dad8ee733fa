"""Which of a program's devices the training uses: the definitions that decide something, and what else it puts things on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from migrator.inference.objects import Kind, Object
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.device import Definition, Devices, is_accelerated, placements
from migrator.training.device_choice import DeviceChoice
from migrator.training.position import scope_of
from migrator.training.trained_program import TrainedProgram


@dataclass(frozen=True)
class DeviceUse:
    """How a training uses the devices that its program speaks of."""

    code: TrainedProgram
    devices: Devices

    @cached_property
    def definitions(self) -> list[Definition]:
        """The device definitions that decide something in the training.

        One in an imported module runs before any Accelerator is made. Plain "cuda" there means the process's own GPU,
        which the Accelerator sets, so that it can stay. So can one in a function whose pick is taken over where it is called.
        """
        found = [
            x
            for x in self.devices.definitions
            if (self.code.is_involved(x.statement) or self._placed_on.keys() & x.devices) and not self._stays(x)
        ]
        handed = {device for x in found if x.is_handed for device in x.devices}
        return [x for x in found if x.is_handed or not handed.issuperset(x.devices)]

    @cached_property
    def kept(self) -> dict[Object, s.Node]:
        """The accelerated devices that the training puts things on and that no definition stands for, each with its first use.

        The default of a parameter, an attribute of an imported module.
        """
        defined = {x for item in self.definitions for x in item.devices}
        return {
            item: node
            for item, node in self._placed_on.items()
            if item.data not in ("accelerator", "of tensor")
            and is_accelerated(item)
            and not ({item, *item.of} & defined)
        }

    @cached_property
    def choices(self) -> list[DeviceChoice]:
        """How each variable that may hold the accelerator gets its device."""
        groups: dict[tuple[Module, s.Scope, str], list[Definition]] = {}
        for item in self.definitions:
            key = (item.module, item.statement.scope, item.module.text(item.variable))
            groups.setdefault(key, []).append(item)
        return [DeviceChoice(self.devices, found) for found in groups.values() if self._may_accelerate(found)]

    def is_placed_on(self, devices: Iterable[Object]) -> bool:
        """Whether the training puts something on one of some devices itself."""
        return not self._placed_on.keys().isdisjoint(devices)

    def _may_accelerate(self, definitions: list[Definition]) -> bool:
        return any(any(map(is_accelerated, x.devices)) and self.devices.is_used(x.devices) for x in definitions)

    @cached_property
    def _placed_on(self) -> dict[Object, s.Node]:
        """The devices that the training puts things on, each with its first use; what is named in the move is not there."""
        found: dict[Object, s.Node] = {}
        for _, call, node in placements(self.code.modules):
            if self.code.is_involved(call) and not isinstance(node, s.Literal):
                for item in self.code.value(node):
                    if item.kind is Kind.DEVICE:
                        found.setdefault(item, node)
        return found

    def _stays(self, item: Definition) -> bool:
        """Whether a definition needs no change."""
        if self.devices.follows_tensor(item):
            return True
        scope = scope_of(item.statement)
        imported = isinstance(scope, s.Root) and item.module is not self.code.program.entry
        generated = isinstance(scope, s.FunctionDef) and scope.name == "__post_init__"  # called without arguments
        return (imported or generated) and not any(re.match(r"\w+:\d|option|\?", str(x.data)) for x in item.devices)
