"""Which activations hold an object in a variable that can be bound again."""

from __future__ import annotations

from migrator.roles.role import Kind, Object
from migrator.roles.state import Event, Frame
from migrator.source import syntax as s
from migrator.training.structure import Structure
from migrator.training.use import first_use


def homes_of(structure: Structure, item: Object) -> dict[Frame, Event]:
    """The frames with a variable that holds an object, each with the last time it was bound before it trains."""
    first = first_use(structure, item)
    found: dict[Frame, Event] = {}
    for event in structure.by_item[item]:
        if event.kind == "store" and (first is None or event.order < first.order) and _is_rebindable(event):
            known = found.get(home_frame(event))
            if known is not None and isinstance(known.node, s.Attribute) and isinstance(event.node, s.Name):
                continue  # `model = self.model`: keep what outlives the call
            if known is not None and known.detail == event.detail:
                continue  # `model = model.train()` binds it to itself
            found[home_frame(event)] = event
    if not found:
        found = _free_name(structure, item)
    return found


def home_frame(event: Event) -> Frame:
    """Give the activation whose variable a binding is about."""
    return event.detail[0] if isinstance(event.node, s.Parameter) else event.frame


def _is_rebindable(event: Event) -> bool:
    owner, name = event.detail
    if isinstance(event.node, (s.Name, s.Parameter)):
        return isinstance(owner, Frame) and (owner is home_frame(event) or _at_module(owner))
    if isinstance(event.node, s.Attribute):
        return isinstance(event.node.value, s.Name) and getattr(owner, "kind", None) in (Kind.INSTANCE, Kind.MODEL)
    if isinstance(event.node, s.Subscript):
        return bool(name != "*")
    return False


def _at_module(frame: Frame) -> bool:
    return isinstance(frame.node, s.Root)


def _free_name(structure: Structure, item: Object) -> dict[Frame, Event]:
    """A name that the file uses and does not define: it is there before the first statement."""
    if item.kind is Kind.OPAQUE and item.data.__class__ is tuple and item.data[0] == "name":
        events = structure.by_item[item]
        return {frame: event for event in events[:1] for frame in event.frame.chain() if _at_module(frame)}
    return {}
