"""Who plays which part: read from what a program does with its objects, not from their names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from migrator.inference.interpreter import Interpreter
from migrator.inference.local_class import class_kind
from migrator.inference.objects import Kind, Object
from migrator.inference.state import Frame
from migrator.inference.trace import (
    AttributeRead,
    Backpropagated,
    Called,
    Escaped,
    Event,
    EventKind,
    Forwarded,
    Iterated,
    Made,
    Stored,
    Wrapped,
    of_kind,
)
from migrator.source import syntax as s
from migrator.training.position import class_of

Key = tuple[Any, ...]

# what `torch.optim.Optimizer` offers besides `step`
_API = frozenset({"add_param_group", "defaults", "load_state_dict", "param_groups", "state", "state_dict", "zero_grad"})


def key_of(item: Object) -> Key:
    """Name an object so that it is found again in another walk over the same program."""
    return (item.kind, item.site, item.context, item.label, item.data if item.data.__class__ is tuple else None)


class Components:
    """The components of a training program."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        events = interpreter.trace.events
        self.by_item: dict[Object, list[Event]] = defaultdict(list)
        for event in events:
            self.by_item[event.item.raw].append(event)
        self.backwards = [event for event in of_kind(events, Backpropagated) if _is_loss(event)]
        self.loops = {loop.node for event in self.backwards for loop in event.loops()}
        self.batch_loops = {event.loops()[0].node for event in self.backwards if event.loop is not None}
        # told apart by activation and turn: one loop may train with one loader and evaluate with another
        self._learning = {(x.node, x.frame, x.context) for event in self.backwards for x in event.loops()}
        self.roots = frozenset().union(*(event.roots for event in self.backwards))
        self._drawn_from = {x.of for x in self.roots if x.kind is Kind.BATCH}  # loaders whose batches reach a loss
        # by what the loss is computed from, and whether that was prepared
        self.loops_of_losses: dict[tuple[Object, bool], list[set[s.Node]]] = defaultdict(list)
        for event in self.backwards:
            loops = {loop.node for loop in event.loops()}
            for key in {(x.raw, x.prepared) for x in event.roots}:
                self.loops_of_losses[key].append(loops)
        self.optimizers = self._optimizers()
        self.unusual = [item for item in list(self.by_item) if self.own_steps(item)]
        self.models = sorted(self._models(), key=self._made_at)
        self.loaders = self._loaders()
        self.schedulers = self._schedulers()

    def events_of(self, item: Object, kind: type[EventKind]) -> Iterator[EventKind]:
        """Give what of one kind happened to an object, in order."""
        return of_kind(self.by_item.get(item, ()), kind)

    def made(self, item: Object) -> Made | None:
        """Give the event of an object's construction; None for what was made elsewhere."""
        return next(self.events_of(item, Made), None)

    def methods_called(self, item: Object) -> set[str]:
        """Give the names of the methods that are called on an object."""
        return {event.method for event in self.events_of(item, Called)}

    def steps_of(self, item: Object) -> list[Called]:
        """Give the calls of an object's `step`."""
        return [event for event in self.events_of(item, Called) if event.method == "step"]

    def _made_at(self, item: Object) -> tuple[int, str]:
        """When an object was made, or first seen; by name, where that is not known."""
        events = self.by_item.get(item)
        return events[0].order if events else 0, item.label

    @property
    def batch_schedulers(self) -> list[Object]:
        """The schedulers that are stepped for each batch."""
        return [item for item, cadence in self.schedulers.items() if cadence == "batch"]

    def prepared(self) -> tuple[Object, ...]:
        """Give what is to be prepared."""
        return (*self.models, *self.optimizers, *self.loaders, *self.batch_schedulers)

    # ------------------------------------------------------------ optimizers

    def _optimizers(self) -> list[Object]:
        """Those that are stepped; of the unknown things, those that are stepped and zeroed."""
        found = []
        for item in self.by_item:
            calls = self.methods_called(item)
            if item.kind is Kind.OPTIMIZER and "step" in calls and not self.is_inner(item):
                found.append(item)
            elif item.kind is Kind.OPAQUE and {"step", "zero_grad"} <= calls:
                found.append(item)
        return found

    def own_steps(self, item: Object) -> list[str]:
        """The names by which an optimizer of the program's own takes its steps, where none of them is `step`."""
        if item.kind is not Kind.OPTIMIZER or item in self.optimizers or self.is_inner(item):
            return []
        return list(dict.fromkeys(e.method for e in self.events_of(item, Called) if e.method not in _API))

    def may_step(self, item: Object) -> bool:
        """Whether an optimizer takes steps, or might out of sight."""
        return any(map(_may_be_step, self.by_item.get(item.raw, ())))

    def is_inner(self, item: Object) -> bool:
        """Whether an optimizer is part of another one: what a class of optimizers makes is that class's own affair."""
        made = self.made(item)
        owner = class_of(made.frame.node) if made is not None else None
        classes = [x for x in self.interpreter.heap.those(Kind.CLASS) if x.site is owner] if owner is not None else []
        return any(class_kind(self.interpreter, x) is Kind.OPTIMIZER for x in classes)

    # ------------------------------------------------------------ models

    def _models(self) -> list[Object]:
        """Those whose parameters a stepped optimizer has, or that a loop updates itself."""
        found: dict[Object, None] = {}
        loose = False
        for optimizer in [*self.optimizers, *self.unusual]:
            owners = [item for item in optimizer.of if item.kind in (Kind.MODEL, Kind.OPAQUE)]
            for item in owners:
                if item.kind is Kind.MODEL or self._acts_as_model(item):
                    found[item.raw] = None
            # an optimizer made elsewhere, or over parameters gathered elsewhere
            loose = loose or not any(item.raw in found or item.kind is Kind.FRESH for item in optimizer.of)
        by_hand = self._updated_by_hand()
        self.steps_by_hand = bool(by_hand)
        found.update((item.raw, None) for item in by_hand)
        if loose or not found:
            found.update(dict.fromkeys(self._models_by_use()))
        return list(dict.fromkeys(self._whole(item) for item in found))

    def _whole(self, item: Object) -> Object:
        """The model that a loss runs, where a module is only trained as a part of it: ``net.fc = nn.Linear(...)``."""
        run = {x.raw for x in self.roots}
        if item in run or item.kind is not Kind.MODEL:
            return item
        owners = [event.owner for event in self.events_of(item, Stored)]
        wholes = [x.raw for x in owners if isinstance(x, Object) and x.kind is Kind.MODEL and x.raw is not item]
        return next((x for x in wholes if x in run), item)

    def _acts_as_model(self, item: Object) -> bool:
        calls = self.methods_called(item)
        return bool(calls & {"parameters", "named_parameters", "zero_grad"}) or any(self.events_of(item, Forwarded))

    def _models_by_use(self) -> list[Object]:
        """Models as the loss shows them: what turns batches into something that something else turns into the loss."""
        found = []
        for item in self.roots:
            if item.raw.kind is Kind.MODEL and not self._is_frozen(item.raw):
                found.append(item.raw)
            elif item.raw.kind is Kind.OPAQUE and self._feeds_another(item.raw):
                found.append(item.raw)
        return found

    def _feeds_another(self, item: Object) -> bool:
        """Whether an unknown thing is called on batches alone, and its output is handed on."""
        forwards = list(self.events_of(item, Forwarded))
        calls = self.methods_called(item)
        if not forwards:
            return False
        plain = all({x.kind for x in event.given} <= {Kind.BATCH, Kind.FRESH} for event in forwards)
        handed_on = any(
            item in {x.raw for x in event.given}
            for other in self.by_item
            if other is not item
            for event in self.events_of(other, Forwarded)
        )
        return bool(calls & {"train", "parameters", "zero_grad"}) or (
            plain and (handed_on or bool(calls & {"to", "cuda", "eval"}))
        )

    def _is_frozen(self, item: Object) -> bool:
        """Whether a network is switched to evaluation and never to training, or asked not to require gradients."""
        calls = list(self.events_of(item, Called))
        words = {event.method for event in calls}
        if "requires_grad_" in words and any(
            _says_false(event.node) for event in calls if event.method == "requires_grad_"
        ):
            return True
        return "eval" in words and "train" not in words

    def _updated_by_hand(self) -> list[Object]:
        """Models whose parameters a training loop changes itself: ``p.data.add_(-lr * p.grad)``."""
        found = []
        for module in self.interpreter.modules:
            for loop in module.nodes(s.For):
                owners = {x for x in self.interpreter.trace.values.get(loop.iter, ()) if x.kind is Kind.PARAMETERS}
                if owners and self._writes_from_gradient(loop):
                    found += [whole for x in owners for whole in x.of if whole.kind in (Kind.MODEL, Kind.OPAQUE)]
        return found

    def _writes_from_gradient(self, loop: s.For) -> bool:
        for statement in loop.body.statements:
            names = {x.name for x in statement.walk() if isinstance(x, s.Attribute)}
            if "grad" not in names:
                continue
            if isinstance(statement, s.Augment) or names & {"add_", "sub_", "copy_", "addcmul_", "sub", "add"}:
                grads = [x for x in statement.walk() if isinstance(x, s.Attribute) and x.name == "grad"]
                # `p.grad.data.clamp_(...)` changes the gradient, not the parameter
                writes = [
                    x for x in statement.walk() if isinstance(x, s.Attribute) and x.name in ("add_", "sub_", "copy_")
                ]
                if isinstance(statement, s.Augment) or any(not any(g in w.value.walk() for g in grads) for w in writes):
                    return True
            if isinstance(statement, s.Assign) and any(
                isinstance(x, s.Attribute) and x.name == "data" for x in statement.targets
            ):
                return True
        return False

    # ------------------------------------------------------------ loaders

    def _loaders(self) -> list[Object]:
        """Those whose batches a training loop draws and learns from."""
        found: dict[Object, None] = {}
        for item in self.by_item:
            if item.kind not in (Kind.LOADER, Kind.OPAQUE):
                continue
            if any(self.trains(draw) for draw in self.events_of(item, Iterated)):
                found[item] = None
        return list(found)

    def trains(self, draw: Iterated) -> bool:
        """Whether a draw from a loader feeds a training step."""
        fed = draw.batch.of in self._drawn_from
        if draw.item.kind is Kind.OPAQUE and (not fed or isinstance(draw.node.parent, s.Generator)):
            return False  # taking a tuple of tensors apart is not drawing batches
        if self._loop_of(draw) is not None and draw.loop is not None:
            return (draw.loop.node, draw.frame, draw.loop.context) in self._learning
        return fed and draw.loop is not None  # `next(batches)`

    def _loop_of(self, draw: Iterated) -> s.For | None:
        """The `for` whose iterable the draw is; None for a draw by ``next``."""
        node = draw.node
        parent = node.parent
        return parent if isinstance(parent, s.For) and parent.iter is node else None

    def drawn_loaders(self) -> list[Object]:
        """Every loader that anything draws from."""
        return [item for item in self.by_item if item.kind is Kind.LOADER and any(self.events_of(item, Iterated))]

    # ------------------------------------------------------------ schedulers

    def _schedulers(self) -> dict[Object, str]:
        """Every stepped scheduler with its cadence: "batch", "epoch", "metric" or "mixed"."""
        found = {}
        for item in self.by_item:
            steps = self.steps_of(item)
            if steps and (item.kind is Kind.SCHEDULER or self._acts_as_scheduler(item, steps)):
                found[item] = self._cadence(item, steps)
        return found

    def _acts_as_scheduler(self, item: Object, steps: list[Called]) -> bool:
        if item.kind is not Kind.OPAQUE or item in self.optimizers:
            return False
        alone = all(isinstance(event.node.parent, s.Evaluate) for event in steps)
        known = any(x in self.optimizers or x.kind is Kind.OPTIMIZER for x in item.of)
        return alone and (known or bool(re.search(r"sched|lr", item.label, re.IGNORECASE)))

    def _cadence(self, item: Object, steps: list[Called]) -> str:
        if "Plateau" in item.label:
            return "metric"
        found = {self._cadence_of(event) for event in steps}
        return found.pop() if len(found) == 1 else "mixed"

    def _cadence_of(self, step: Called) -> str:
        """A step in a loop headed by a training loader is one per batch; any other number does not shrink with N."""
        loop = step.loops()[0].node if step.loop is not None else None
        return "batch" if loop in self.batch_loops and loop in self._headed() else "epoch"

    def _headed(self) -> set[s.Node]:
        """The `for` loops over a training loader."""
        loops = (self._loop_of(draw) for item in self.loaders for draw in self.events_of(item, Iterated))
        return {loop for loop in loops if loop is not None}


def _may_be_step(event: Event) -> bool:
    """Whether something that happens to an optimizer may step it."""
    match event:
        case Called(method=name) | AttributeRead(name=name):
            return name not in _API
        case _:
            return isinstance(event, (Escaped, Wrapped))


def _is_loss(event: Event) -> bool:
    """Whether a backward is one of a tensor; a local object's own method of that name was followed instead."""
    return event.item.kind in (Kind.TENSOR, Kind.FRESH, Kind.BATCH, Kind.OPAQUE, Kind.PART, Kind.ANY, Kind.OPTION)


def _says_false(call: s.Call) -> bool:
    value = call.argument(0, "requires_grad")
    return isinstance(value, s.Literal) and value.value is False


def is_own_method(event: Event, item: Object) -> bool:
    """Whether something happens to a model inside a method of its class."""
    return is_own_frame(event.frame, item)


def is_own_frame(frame: Frame, item: Object) -> bool:
    """Whether an activation is one of a method of a model's own class, or of a class that it inherits from."""
    owner = (
        frame.node.parent.owner
        if isinstance(frame.node, s.FunctionDef) and isinstance(frame.node.parent, s.Block)
        else None
    )
    return isinstance(owner, s.ClassDef) and isinstance(item.data, Object) and owner in _lineage(item.data)


def _lineage(cls: Object, depth: int = 8) -> list[s.Node]:
    found = [cls.site]
    for base in cls.data[2] if depth and cls.kind is Kind.CLASS else ():
        found += [x for parent in base if parent.kind is Kind.CLASS for x in _lineage(parent, depth - 1)]
    return found
