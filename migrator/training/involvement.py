"""Which functions and modules take part in the training: code elsewhere in the program is not ours to touch."""

from __future__ import annotations

from collections.abc import Iterable

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Forwarded, of_kind
from migrator.source import syntax as s
from migrator.training.components import Components
from migrator.training.position import scope_of


def involved_scopes(
    before: Interpreter, after: Interpreter, components: Components, required: Iterable[Object]
) -> set[s.Node]:
    """Give the functions and modules that take part in the training.

    They are on the way to a training step, are called inside a training loop or by a method of a trained model, hold
    an object that is prepared, or make something that reaches a loss.
    """
    found: set[s.Node] = set()
    roots = {root for event in components.backwards for root in event.roots}
    sites = {scope_of(root.site) for root in roots if root.site is not None}
    for event in [*components.backwards, *(x for item in required for x in components.by_item.get(item, ()))]:
        found.update(frame.node for frame in event.frame.chain())
    methods = _methods_of_models(after)
    for frames in before.trace.frames.values():
        for frame in frames:
            inside = {loop.node for loop in frame.loop.nest()} if frame.loop is not None else set()
            chain = [other.node for other in frame.chain()]
            if frame.node in sites or inside & components.loops or not methods.isdisjoint(chain):
                found.update(chain)
    return found | methods


def _methods_of_models(after: Interpreter) -> set[s.Node]:
    """The functions in the classes of the models that run."""
    models = {event.item for event in of_kind(after.trace.events, Forwarded) if event.item.kind is Kind.MODEL}
    classes = {item.data for item in models if item.data.__class__ is Object}
    return {
        node
        for owner in classes
        if owner.kind is Kind.CLASS
        for node in owner.site.body.walk()
        if isinstance(node, s.FunctionDef)
    }
