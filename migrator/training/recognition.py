"""Whether a program trains, and which of its objects the script itself prepares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Escaped, Prepared, of_kind
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.components import Components
from migrator.training.use import training_uses

_STEP = re.compile(r"^step$|optim|learning_rate|^lr$", re.IGNORECASE)


def trains(interpreter: Interpreter, components: Components) -> bool:
    """Whether a program trains: it back-propagates in a loop, or in a function, and something takes a step."""
    repeats = any(event.loop is not None or not isinstance(event.frame.node, s.Root) for event in components.backwards)
    return repeats and (
        bool(components.optimizers or components.unusual)
        or components.steps_by_hand
        or _steps_unseen(interpreter, components)
    )


def _steps_unseen(interpreter: Interpreter, components: Components) -> bool:
    """Whether some code mentions an optimizer, or a step, that was not recognised."""
    mentions = (x for module in interpreter.modules for x in _mentions_of_steps(module))
    return any(not _is_understood(interpreter, components, x) for x in mentions)


def _mentions_of_steps(module: Module) -> Iterator[s.Name | s.Attribute]:
    """Names and attributes that sound like an optimizer or a step: `step` itself only where it is read of something."""
    for node in module.variables():
        name = node.id if isinstance(node, s.Name) else node.name
        if _STEP.search(name) and (name != "step" or not node.store or isinstance(node, s.Attribute)):
            yield node


def _is_understood(interpreter: Interpreter, components: Components, node: s.Node) -> bool:
    """Whether a mention is of the library, or of an optimizer that takes no step: whatever was done to it was seen."""
    found = interpreter.trace.values.get(node, frozenset())
    return bool(found) and all(
        str(x.data).startswith("torch.optim")
        if x.kind is Kind.LIBRARY
        else x.kind is Kind.OPTIMIZER and not components.may_step(x)
        for x in found
    )


def is_prepared(components: Components, item: Object) -> bool:
    """Whether the script itself prepares an object before it trains with it."""
    uses = training_uses(components, item)
    return all(event.item.prepared for event in uses) if uses else any(components.events_of(item, Prepared))


def handed_over(interpreter: Interpreter) -> list[Escaped]:
    """Where a program hands its optimizer, together with what that trains, to code that cannot be seen."""
    trained: set[s.Node] = set()  # the calls that get what is trained: a model, batches, or a loss of a model's
    events = [event for event in of_kind(interpreter.trace.events, Escaped) if event.to is not None]
    for event in events:
        if event.to is not None and event.to.kind in (Kind.OPAQUE, Kind.LIBRARY, Kind.OPTION):
            is_loss = event.item.kind is Kind.TENSOR and any(x.kind is Kind.MODEL for x in event.item.of)
            if is_loss or event.item.kind in (Kind.MODEL, Kind.LOADER, Kind.ITERATOR):
                trained.add(event.node)
    return [event for event in events if event.item.kind is Kind.OPTIMIZER and event.node in trained]
