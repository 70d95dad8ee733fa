"""The training model: everything that the rules ask about a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from migrator.errors import FileProblem
from migrator.roles.flow import walk_program
from migrator.roles.program import Program
from migrator.roles.role import Kind, Object, Value
from migrator.roles.state import Event
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.choice import Choice
from migrator.training.device import Definition, Devices, is_accelerated, placements
from migrator.training.placement import Outcome, place
from migrator.training.position import scope_of
from migrator.training.reaching import Order
from migrator.training.share import Shares
from migrator.training.structure import Structure, key_of
from migrator.training.use import training_uses
from migrator.training.wish import choose

_STEP = re.compile(r"^step$|optim|learning_rate|^lr$", re.IGNORECASE)


def _mentions_of_steps(module: Module) -> Iterator[Any]:
    """Names and attributes that sound like an optimizer or a step: `step` itself only where it is read of something."""
    for node in module.variables():
        name = node.id if isinstance(node, s.Name) else node.name
        if _STEP.search(name) and (name != "step" or not node.store or isinstance(node, s.Attribute)):
            yield node


class Training:
    """What a program trains, with what, and where."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.raw = walk_program(program)
        self.structure = Structure(self.raw)
        self.batch_schedulers = [x for x, cadence in self.structure.schedulers.items() if cadence == "batch"]
        self.required = self._required()
        self.missing = [item for item in self.required if not self._is_prepared(item)]
        self.outcome = self._place()
        self.walk = self.outcome.walk or self.raw  # as it will be, where that is known
        self.keys = {key_of(item) for item in self.required}
        self.model_keys = {key_of(item) for item in self.structure.models}

    def _place(self) -> Outcome:
        if not self.missing:  # nothing to train, or all of it prepared by the script itself
            return Outcome(walk=self.raw if self.required else None)
        return place(self.program, self.structure, self.missing)

    def _is_prepared(self, item: Object) -> bool:
        """Whether the script itself prepares an object before it trains with it."""
        uses = training_uses(self.structure, item)
        if not uses:
            return any(event.kind == "prepared" for event in self.structure.by_item[item])
        return all(event.item.prepared for event in uses)

    @property
    def is_prepared(self) -> bool:
        """Whether the script itself prepares all that it trains."""
        return bool(self.required) and not self.missing

    def _required(self) -> list[Object]:
        cast = self.structure
        if not self.is_training:
            return []
        return [*cast.models, *cast.optimizers, *cast.loaders, *self.batch_schedulers]

    @cached_property
    def is_training(self) -> bool:
        """Whether the program trains: it back-propagates in a loop, or in a function, and something takes a step."""
        repeats = any(
            event.loop is not None or not isinstance(event.frame.node, s.Root) for event in self.structure.backwards
        )
        cast = self.structure
        return repeats and (bool(cast.optimizers or cast.unusual) or cast.steps_by_hand or self._steps_unseen())

    def _steps_unseen(self) -> bool:
        """Whether some code mentions an optimizer, or a step, that was not recognised."""
        return any(not self._is_understood(x) for module in self.raw.modules for x in _mentions_of_steps(module))

    def _is_understood(self, node: Any) -> bool:
        """Whether a mention is of the library, or of an optimizer that takes no step: whatever was done to it was seen."""
        found = self.raw.log.values.get(node, frozenset())
        return bool(found) and all(
            str(x.data).startswith("torch.optim")
            if x.kind is Kind.LIBRARY
            else x.kind is Kind.OPTIMIZER and not self.structure.may_step(x)
            for x in found
        )

    @cached_property
    def is_distributed(self) -> bool:
        """Whether the program drives several processes itself and back-propagates in a way of its own (RPC, pipelines)."""
        own = any(
            name.startswith(("torch.distributed.rpc", "torch.distributed.autograd", "torch.distributed.pipelin"))
            for name in self.calls
        )
        return own and not self.is_training

    @cached_property
    def handed_over(self) -> list[Event]:
        """Where a program that takes no step itself hands its optimizer, and what that trains, to code that cannot be seen."""
        if self.is_training:
            return []
        trained: set[Any] = set()  # the calls that get what is trained: a model, batches, or a loss of a model's
        events = [event for event in self.raw.log.events if event.kind == "escape" and isinstance(event.detail, Object)]
        for event in events:
            if event.detail.kind in (Kind.OPAQUE, Kind.LIBRARY, Kind.OPTION):
                is_loss = event.item.kind is Kind.TENSOR and any(x.kind is Kind.MODEL for x in event.item.of)
                if is_loss or event.item.kind in (Kind.MODEL, Kind.LOADER, Kind.ITERATOR):
                    trained.add(event.node)
        return [event for event in events if event.item.kind is Kind.OPTIMIZER and event.node in trained]

    def unread(self, func: Any) -> FileProblem | None:
        """What is wrong with the file that a called function comes from; None for one that could be read."""
        unread = self.raw.log.unread
        while unread and isinstance(func, s.Attribute):
            func = func.value
        return unread.get((self.module_of(func), func.id)) if unread and isinstance(func, s.Name) else None

    @cached_property
    def trained_in(self) -> list[Module]:
        """The modules that take part: those with a training step, those that make what is trained, and the entry."""
        found = [self.module_of(event.node) for event in self.structure.backwards]
        found += [self.module_of(event.node) for event in self.events("make") if event.item.kind is Kind.ACCELERATOR]
        return list(dict.fromkeys([*found, self.program.entry]))

    @property
    def modules(self) -> list[Module]:
        """The modules that the walk executed."""
        return list(self.walk.modules)

    @cached_property
    def after(self) -> Structure:
        """The cast as it acts once everything is prepared."""
        return Structure(self.walk)

    @cached_property
    def devices(self) -> Devices:
        """What the program says about devices."""
        return Devices(self.walk)

    @cached_property
    def on_host(self) -> set[Object]:
        """The prepared loaders whose batches meet the CPU before the script moves them: they must not be moved earlier."""
        met = {event.item.of[0] for event in self.events("host") if event.item.kind is Kind.BATCH}
        moved = {x.of[0] for x in self.walk.heap.placed_objects() if x.kind is Kind.BATCH and x.place == "device"}
        return {item for item in met & moved if item.prepared}

    @cached_property
    def definitions(self) -> list[Definition]:
        """The device definitions that decide something in the training.

        One in an imported module runs before any Accelerator is made. Plain "cuda" there means the process's own GPU,
        which the Accelerator sets, so that it can stay. So can one in a function whose pick is taken over where it is called.
        """
        found = [
            x
            for x in self.devices.definitions
            if (self.is_involved(x.statement) or self._placed_on.keys() & x.devices) and not self.stays(x)
        ]
        handed = {device for x in found if x.is_handed for device in x.devices}
        return [x for x in found if x.is_handed or not handed.issuperset(x.devices)]

    @cached_property
    def _placed_on(self) -> dict[Object, Any]:
        """The devices that the training puts things on, each with its first use; what is named in the move is not there."""
        found: dict[Object, Any] = {}
        for _, call, node in placements(self.modules):
            if self.is_involved(call) and not isinstance(node, s.Literal):
                for item in self.value(node):
                    if item.kind is Kind.DEVICE:
                        found.setdefault(item, node)
        return found

    @cached_property
    def kept_devices(self) -> dict[Object, Any]:
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
    def choice(self) -> Choice | None:
        """The device that the script's user picks, if the Accelerator can take it over."""
        return choose(self)

    def stays(self, item: Definition) -> bool:
        """Whether a definition is right as it is."""
        if self.devices.follows_tensor(item):
            return True
        scope = scope_of(item.statement)
        imported = isinstance(scope, s.Root) and item.module is not self.program.entry
        generated = isinstance(scope, s.FunctionDef) and scope.name == "__post_init__"  # nobody hands it anything
        return (imported or generated) and not any(re.match(r"\w+:\d|option|\?", str(x.data)) for x in item.devices)

    @cached_property
    def calls(self) -> dict[str, list[tuple[Module, s.Call]]]:
        """Calls of library functions by qualified name."""
        found: dict[str, list[tuple[Module, s.Call]]] = {}
        for module in self.modules:
            for call in module.nodes(s.Call):
                for item in self.value(call.func):
                    if item.kind is Kind.LIBRARY:
                        found.setdefault(str(item.data), []).append((module, call))
        return found

    @cached_property
    def shared_draws(self) -> set[Any]:
        """What is drawn from where it is a loader that is prepared: the ``loader`` of ``for x in loader``."""
        return {event.node for event in self.events("iterate") if self.is_required(event.item)}

    @cached_property
    def order(self) -> Order:
        """What comes before what."""
        return Order(self.modules)

    @cached_property
    def shares(self) -> Shares:
        """What may differ between processes."""
        return Shares(self)

    @cached_property
    def homes(self) -> dict[Any, Module]:
        """The module of each root."""
        return {module.root: module for module in self.modules}

    @cached_property
    def involved(self) -> set[Any]:
        """The functions and modules that take part in the training: code elsewhere in the program is not ours to touch.

        They are on the way to a training step, are called inside a training loop or by a method of a trained model, hold
        an object that is prepared, or make something that reaches a loss.
        """
        found: set[Any] = set()
        roots = {root for event in self.structure.backwards for root in event.value}
        sites = {scope_of(root.site) for root in roots if root.site is not None}
        for event in [*self.structure.backwards, *(e for item in self.required for e in self.structure.by_item[item])]:
            found.update(frame.node for frame in event.frame.chain())
        models = {event.item for event in self.events("forward") if event.item.kind is Kind.MODEL}
        methods: set[Any] = set()
        for owner in {item.data for item in models if item.data.__class__ is Object}:
            if owner.kind is Kind.CLASS:
                methods.update(x for x in owner.site.body.walk() if isinstance(x, s.FunctionDef))
        for frames in self.raw.log.frames.values():
            for frame in frames:
                inside = {loop.node for loop in frame.loop.nest()} if frame.loop is not None else set()
                chain = [other.node for other in frame.chain()]
                if frame.node in sites or inside & self.structure.loops or not methods.isdisjoint(chain):
                    found.update(chain)
        found |= methods
        return found

    def is_involved(self, node: Any) -> bool:
        """Whether a node's code takes part in the training."""
        return scope_of(node) in self.involved

    def is_run(self, node: Any) -> bool:
        """Whether the program's own run gets to a node's code, whether that takes part in the training or not."""
        frames = self.raw.log.frames.get(scope_of(node), ())
        return any(frame.beginning().node is self.program.entry.root for frame in frames)

    def value(self, node: Any) -> Value:
        """What an expression may be."""
        return self.walk.log.values.get(node, frozenset())

    def events(self, *kinds: str) -> list[Event]:
        """Events of some kinds, in order."""
        if len(kinds) == 1:
            return self._events.get(kinds[0], [])
        return [event for event in self.walk.log.events if event.kind in kinds]

    @cached_property
    def _events(self) -> dict[str, list[Event]]:
        """All events by kind."""
        found: dict[str, list[Event]] = {}
        for event in self.walk.log.events:
            found.setdefault(event.kind, []).append(event)
        return found

    def module_of(self, node: Any) -> Module:
        """The module that a node is part of."""
        while node.parent is not None:
            node = node.parent
        return self.homes[node]

    def is_required(self, item: Object) -> bool:
        """Whether an object is one of those that are prepared."""
        return key_of(item.raw) in self.keys
