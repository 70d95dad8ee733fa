"""Objects that no variable holds at a fitting place: `prepare` goes around the expression that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.inference.never_run import asks_for_main
from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Stored
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.components import Components
from migrator.training.device import conjuncts

_KINDS = frozenset({Kind.LOADER, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.MODEL})


@dataclass(frozen=True, slots=True)
class WrapInPlace:
    """An expression whose result is prepared on the spot."""

    node: s.Expression
    item: Object


def wrap_in_place(components: Components, item: Object, required: Iterable[Object]) -> WrapInPlace | None:
    """Give the expression to prepare an object in: its construction, else the call of a factory; None where neither will do.

    Whatever else the expression may make has to be prepared as well.
    """
    wanted = set(required)
    if item.kind not in _KINDS or not isinstance(item.site, s.Call):
        return None
    for node in (item.site, *reversed(item.context or ())):
        made = components.interpreter.trace.values.get(node, frozenset())
        if isinstance(node, s.Call) and item in made and made <= wanted and _always(components, node, item):
            return WrapInPlace(_moved(components, node, item), item)
    return None


def _always(components: Components, node: s.Node, item: Object) -> bool:
    """Whether whatever is made at an object's own site is to be prepared too, seen from all its calling contexts."""
    return node is not item.site or all(
        x in components.interpreter.trace.values[node] for x in components.by_item if x.site is node
    )


def _moved(components: Components, node: s.Expression, item: Object) -> s.Expression:
    """The expression together with the moves that follow in it: ``Net().to(device)``."""
    while (
        isinstance(node.parent, s.Attribute)
        and isinstance(node.parent.parent, s.Call)
        and node.parent.parent.func is node.parent
    ):
        if components.interpreter.trace.values.get(node.parent.parent) != components.interpreter.trace.values.get(node):
            break
        node = node.parent.parent
    return node


def is_rebuilt(components: Components, item: Object) -> bool:
    """Whether an object takes another's place now and then: it is made in a loop, on a condition within that loop."""
    node = item.site
    if not isinstance(node, s.Call):
        return False
    block = node.statement.block
    while not isinstance(block.owner, (s.Root, s.FunctionDef, s.ClassDef)):
        if isinstance(block.owner, s.If):
            inner = block.owner.block
            while not isinstance(inner.owner, (s.Root, s.FunctionDef, s.ClassDef)):
                if isinstance(inner.owner, (s.For, s.While)):
                    return True
                inner = inner.owner.block
        block = block.owner.block
    return False


def is_optional(components: Components, item: Object) -> bool:
    """Whether an object is made under a condition, and its variable read only where the same is asked: else it is not there."""
    stores = ((event.node, event.frame.module) for event in components.events_of(item, Stored))
    name, module = next(((node, module) for node, module in stores if isinstance(node, s.Name)), (None, None))
    if name is None or module is None:
        return False
    tests = _tests(module, name)
    owner = name.scope.resolve(name.id)
    others = [
        x
        for x in module.variables()
        if isinstance(x, s.Name) and x.id == name.id and x is not name and x.scope.resolve(x.id) is owner
    ]
    return bool(tests and others) and all(tests & _tests(module, x) for x in others)


def _tests(module: Module, place: s.Node) -> set[str]:
    """The conditions that hold where a node stands in its function."""
    found = set()
    node: s.Node | None = place
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        if isinstance(parent, s.Block) and isinstance(parent.owner, s.If) and parent is parent.owner.body:
            if not asks_for_main(parent.owner.test):
                found |= {module.text(part) for part in conjuncts(parent.owner.test)}
        node = parent
    return found
