"""When an object takes part in training."""

from __future__ import annotations

from migrator.inference.objects import Object
from migrator.inference.trace import Called, Event, Forwarded, Iterated
from migrator.training.components import Components, is_own_method


def training_uses(components: Components, item: Object) -> list[Event]:
    """The events by which an object takes part in training."""
    return [event for event in components.by_item.get(item, ()) if _trains(components, event, item)]


def _trains(components: Components, event: Event, item: Object) -> bool:
    match event:
        case Iterated():
            return components.trains(event)
        case Called(method="step"):
            return item in (*components.optimizers, *components.schedulers)
        case Forwarded():
            return item in components.models and _trains_forward(components, event, item)
        case _:
            return False


def _trains_forward(components: Components, forward: Forwarded, item: Object) -> bool:
    """Whether a forward may lead to a backward: both happen under one loop, or in no loop at all."""
    if is_own_method(forward, item):
        return False  # a method of a model runs the model itself, prepared or not
    loops = {loop.node for loop in forward.loops()}
    # one that still is as it was made may be run beside the prepared one, for another end: to attack its input
    found = components.loops_of_losses.get((forward.item.raw, forward.item.prepared), ())
    return any(not others or loops & others for others in found)


def first_use(components: Components, item: Object) -> Event | None:
    """The first of an object's training uses."""
    uses = training_uses(components, item)
    return min(uses, key=lambda event: event.order) if uses else None
