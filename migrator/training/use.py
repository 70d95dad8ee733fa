"""When an object takes part in training."""

from __future__ import annotations

from migrator.roles.role import Object
from migrator.roles.state import Event
from migrator.training.structure import Structure, is_own_method


def training_uses(structure: Structure, item: Object) -> list[Event]:
    """The events by which an object takes part in training."""
    found = []
    for event in structure.by_item[item]:
        if event.kind == "iterate" and structure.trains(event):
            found.append(event)
        elif event.kind == "call" and event.detail == "step" and item in (*structure.optimizers, *structure.schedulers):
            found.append(event)
        elif event.kind == "forward" and item in structure.models and _trains_forward(structure, event, item):
            found.append(event)
    return found


def _trains_forward(structure: Structure, forward: Event, item: Object) -> bool:
    """Whether a forward may lead to a backward: both happen under one loop, or in no loop at all."""
    if is_own_method(forward, item):
        return False  # a model's method runs it as it is, prepared or not
    loops = {loop.node for loop in forward.loops()}
    return any(not others or loops & others for others in structure.learns_from.get(forward.item.raw, ()))


def first_use(structure: Structure, item: Object) -> Event | None:
    """The first of an object's training uses."""
    uses = training_uses(structure, item)
    return min(uses, key=lambda event: event.order) if uses else None
