"""What an assignment binds: names, attributes, items, and what is unpacked into several of them."""

from __future__ import annotations

from typing import Any

from migrator.roles.element import copy_into, deep, element, roots, sequence
from migrator.roles.evaluate import evaluate, lookup, note_store
from migrator.roles.execute import executor
from migrator.roles.role import NOTHING, UNKNOWN, Kind, Value, join
from migrator.roles.walk import Walk
from migrator.source import syntax as s


def assign(walk: Walk, target: Any, value: Value) -> None:
    """Bind a target to a value."""
    kind = target.__class__
    if kind is s.Name:
        _assign_name(walk, target, value)
    elif kind is s.Attribute:
        _assign_attribute(walk, target, value)
    elif kind is s.Collection:
        _unpack(walk, target, value)
    elif kind is s.Subscript:
        _assign_item(walk, target, value)
    elif kind is s.Starred:
        assign(walk, target.value, sequence(walk, target, [element(walk, value)]))


def bind(walk: Walk, name: str, value: Value) -> None:
    """Bind a name in the current frame."""
    walk.variables.own(walk.frame)[name] = value


def _assign_name(walk: Walk, target: s.Name, value: Value) -> None:
    frame = walk.frame
    scope = frame.node.namespace
    if target.id in scope.globals:
        while frame.outer is not None:
            frame = frame.outer
    elif target.id in scope.nonlocals:
        frame = frame.outer or frame
        while frame.outer is not None and target.id not in frame.node.namespace.bound:
            frame = frame.outer
    walk.variables.own(frame)[target.id] = value
    walk.log.values[target] = join(walk.log.values[target], value) if target in walk.log.values else value
    note_store(walk, target, value, (frame, target.id))


def _assign_attribute(walk: Walk, target: s.Attribute, value: Value) -> None:
    owners = evaluate(walk, target.value)
    for owner in owners:
        place = owner.data if owner.kind is Kind.MODULE else owner
        names = walk.variables.own(place)
        known = names.get(target.name)
        names[target.name] = value if len(owners) == 1 or known is None else join(known, value)
        if owner.kind in (Kind.MODEL, Kind.OPAQUE):
            walk.note("assign attribute", target, owner, target.name)
        note_store(walk, target, value, (owner, target.name))
    walk.log.values[target] = join(walk.log.values[target], value) if target in walk.log.values else value


def _assign_item(walk: Walk, target: s.Subscript, value: Value) -> None:
    index = [evaluate(walk, part) for part in target.index]
    for owner in evaluate(walk, target.value):
        if owner.kind in (Kind.SEQUENCE, Kind.DICT):
            names = walk.variables.own(owner)
            keys = [x.label for x in index[0] if x.kind is Kind.CONSTANT] if len(index) == 1 else []
            if len(keys) == 1 and len(index[0]) == 1:
                names[keys[0]] = value
                note_store(walk, target, value, (owner, keys[0]))
            else:
                names["*"] = join(names["*"], value) if "*" in names else value
                note_store(walk, target, value, (owner, "*"))
        elif owner.kind is Kind.FRESH:
            copy_into(walk, owner, value)
        elif owner.kind in (Kind.OPAQUE, Kind.OPTION):
            note_store(walk, target, value, (owner, "*"))


def _unpack(walk: Walk, target: s.Collection, value: Value) -> None:
    parts = [unpacked(walk, value, index, len(target.items)) for index in range(len(target.items))]
    for item, part in zip(target.items, parts, strict=True):
        assign(walk, item, part)


def unpacked(walk: Walk, value: Value, index: int, count: int) -> Value:
    """Give element ``index`` of a value that is unpacked into ``count`` names."""
    found: Value = NOTHING
    for item in value:
        part: Value
        if item.kind is Kind.SEQUENCE:
            own = walk.variables.of(item)
            part = own.get(str(index), NOTHING) or own.get("*", UNKNOWN)
        elif item.kind in (Kind.OPAQUE, Kind.OPTION):
            label = f"{item.label}[{index}]"
            part = walk.heap.value(item.kind, item.site, item.context, (item,), ("item", index), label=label)
        elif item.kind in (Kind.BATCH, Kind.TENSOR):
            part = walk.heap.single(item)
        elif item.kind is Kind.DATASET:
            part = walk.heap.value(
                Kind.DATASET, item.site, item.context, (item,), index, label=f"{item.label}[{index}]"
            )
        else:
            part = element(walk, walk.heap.single(item))
        found = join(found, part) if found else part
    return found or UNKNOWN


@executor(s.Assign)
def _assign(walk: Walk, node: s.Assign) -> None:
    value = evaluate(walk, node.value)
    for target in node.targets:
        if target.__class__ is s.Collection and node.value.__class__ is s.Collection:
            if len(target.items) == len(node.value.items) and not any(
                isinstance(x, s.Starred) for x in node.value.items
            ):
                parts = walk.variables.of(next(iter(value)))
                for index, item in enumerate(target.items):
                    assign(walk, item, parts[str(index)])  # a, b = b, a: the right side was evaluated as a whole
                continue
        assign(walk, target, value)


@executor(s.Augment)
def _augment(walk: Walk, node: s.Augment) -> None:
    old, value = _current(walk, node.target), evaluate(walk, node.value)
    lists = [x for x in old if x.kind is Kind.SEQUENCE]
    if lists and node.operator == "Add":
        for item in lists:
            own = walk.variables.own(item)
            held = element(walk, value)
            own["*"] = join(own["*"], held) if "*" in own else held
        return
    found = roots(deep(walk, old)) | roots(deep(walk, value)) if (old, value) != (UNKNOWN, UNKNOWN) else frozenset()
    assign(walk, node.target, walk.heap.tensor(found))


def _current(walk: Walk, target: Any) -> Value:
    if isinstance(target, s.Name):
        return lookup(walk, target.id)
    return evaluate(walk, target)


@executor(s.Annotate)
def _annotate(walk: Walk, node: s.Annotate) -> None:
    if node.value is not None:
        assign(walk, node.target, evaluate(walk, node.value))
