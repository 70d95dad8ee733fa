"""What an assignment binds: names, attributes, items, and what is unpacked into several of them."""

from __future__ import annotations

from typing import Any

from migrator.inference.element import copy_into, deep, element, roots, sequence
from migrator.inference.evaluate import evaluate, lookup, record_store
from migrator.inference.interpreter import Executors, Interpreter
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Value, join
from migrator.inference.trace import AttributeAssigned
from migrator.source import syntax as s


def assign(interpreter: Interpreter, target: Any, value: Value) -> None:
    """Bind a target to a value."""
    # comparing classes is faster than isinstance, but does not narrow a type: hence Any
    kind = target.__class__
    if kind is s.Name:
        _assign_name(interpreter, target, value)
    elif kind is s.Attribute:
        _assign_attribute(interpreter, target, value)
    elif kind is s.Collection:
        _unpack(interpreter, target, value)
    elif kind is s.Subscript:
        _assign_item(interpreter, target, value)
    elif kind is s.Starred:
        assign(interpreter, target.value, sequence(interpreter, target, [element(interpreter, value)]))


def bind(interpreter: Interpreter, name: str, value: Value) -> None:
    """Bind a name in the current frame."""
    interpreter.variables.own(interpreter.frame)[name] = value


def _assign_name(interpreter: Interpreter, target: s.Name, value: Value) -> None:
    frame = interpreter.frame
    scope = frame.node.namespace
    if target.id in scope.globals:
        while frame.outer is not None:
            frame = frame.outer
    elif target.id in scope.nonlocals:
        frame = frame.outer or frame
        while frame.outer is not None and target.id not in frame.node.namespace.bound:
            frame = frame.outer
    interpreter.variables.own(frame)[target.id] = value
    interpreter.trace.values[target] = (
        join(interpreter.trace.values[target], value) if target in interpreter.trace.values else value
    )
    record_store(interpreter, target, value, frame, target.id)


def _assign_attribute(interpreter: Interpreter, target: s.Attribute, value: Value) -> None:
    owners = evaluate(interpreter, target.value)
    for owner in owners:
        place = owner.data if owner.kind is Kind.MODULE else owner
        names = interpreter.variables.own(place)
        known = names.get(target.name)
        names[target.name] = value if len(owners) == 1 or known is None else join(known, value)
        if owner.kind in (Kind.MODEL, Kind.OPAQUE):
            interpreter.record(AttributeAssigned, target, owner, target.name)
        record_store(interpreter, target, value, owner, target.name)
    interpreter.trace.values[target] = (
        join(interpreter.trace.values[target], value) if target in interpreter.trace.values else value
    )


def _assign_item(interpreter: Interpreter, target: s.Subscript, value: Value) -> None:
    index = [evaluate(interpreter, part) for part in target.index]
    for owner in evaluate(interpreter, target.value):
        if owner.kind in (Kind.SEQUENCE, Kind.DICT):
            names = interpreter.variables.own(owner)
            keys = [x.label for x in index[0] if x.kind is Kind.CONSTANT] if len(index) == 1 else []
            if len(keys) == 1 and len(index[0]) == 1:
                names[keys[0]] = value
                record_store(interpreter, target, value, owner, keys[0])
            else:
                names["*"] = join(names["*"], value) if "*" in names else value
                record_store(interpreter, target, value, owner, "*")
        elif owner.kind is Kind.FRESH:
            copy_into(interpreter, owner, value)
        elif owner.kind in (Kind.OPAQUE, Kind.OPTION):
            record_store(interpreter, target, value, owner, "*")


def _unpack(interpreter: Interpreter, target: s.Collection, value: Value) -> None:
    parts = [unpacked(interpreter, value, index, len(target.items)) for index in range(len(target.items))]
    for item, part in zip(target.items, parts, strict=True):
        assign(interpreter, item, part)


def unpacked(interpreter: Interpreter, value: Value, index: int, count: int) -> Value:
    """Give element ``index`` of a value that is unpacked into ``count`` names."""
    found: Value = NOTHING
    for item in value:
        part: Value
        if item.kind is Kind.SEQUENCE:
            own = interpreter.variables.of(item)
            part = own.get(str(index), NOTHING) or own.get("*", UNKNOWN)
        elif item.kind in (Kind.OPAQUE, Kind.OPTION):
            label = f"{item.label}[{index}]"
            part = interpreter.heap.value(item.kind, item.site, item.context, (item,), ("item", index), label=label)
        elif item.kind in (Kind.BATCH, Kind.TENSOR):
            part = interpreter.heap.single(item)
        elif item.kind is Kind.DATASET:
            part = interpreter.heap.value(
                Kind.DATASET, item.site, item.context, (item,), index, label=f"{item.label}[{index}]"
            )
        else:
            part = element(interpreter, interpreter.heap.single(item))
        found = join(found, part) if found else part
    return found or UNKNOWN


def _assign(interpreter: Interpreter, node: s.Assign) -> None:
    value = evaluate(interpreter, node.value)
    for target in node.targets:
        if target.__class__ is s.Collection and node.value.__class__ is s.Collection:
            if len(target.items) == len(node.value.items) and not any(
                isinstance(x, s.Starred) for x in node.value.items
            ):
                for item, part in zip(
                    target.items, [interpreter.trace.values[x] for x in node.value.items], strict=True
                ):
                    assign(interpreter, item, part)  # a, b = b, a: the right side was evaluated as a whole
                continue
        assign(interpreter, target, value)


def _augment(interpreter: Interpreter, node: s.Augment) -> None:
    old, value = _current(interpreter, node.target), evaluate(interpreter, node.value)
    lists = [x for x in old if x.kind is Kind.SEQUENCE]
    if lists and node.operator == "Add":
        for item in lists:
            own = interpreter.variables.own(item)
            held = element(interpreter, value)
            own["*"] = join(own["*"], held) if "*" in own else held
        return
    found = (
        roots(deep(interpreter, old)) | roots(deep(interpreter, value))
        if (old, value) != (UNKNOWN, UNKNOWN)
        else frozenset()
    )
    assign(interpreter, node.target, interpreter.heap.tensor(found))


def _current(interpreter: Interpreter, target: s.Expression) -> Value:
    if isinstance(target, s.Name):
        return lookup(interpreter, target.id)
    return evaluate(interpreter, target)


def _annotate(interpreter: Interpreter, node: s.Annotate) -> None:
    if node.value is not None:
        assign(interpreter, node.target, evaluate(interpreter, node.value))


EXECUTORS: Executors = {
    s.Assign: _assign,
    s.Augment: _augment,
    s.Annotate: _annotate,
}
