"""What an object gives: its attributes by name, its items by index, for each kind of object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.inference import knowledge
from migrator.inference.element import index_key, join_all, roots
from migrator.inference.evaluate import evaluate
from migrator.inference.interpreter import Evaluators, Interpreter
from migrator.inference.objects import MAYBE_UNBOUND, NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.trace import AttributeRead, ItemRead
from migrator.source import syntax as s


def _attribute(interpreter: Interpreter, node: s.Attribute) -> Value:
    found: Value = NOTHING
    for item in evaluate(interpreter, node.value):
        value = member(interpreter, item, node.name, node)
        found = join(found, value) if found else value
    return found or UNKNOWN


def member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    """Give an attribute of an object."""
    own = interpreter.variables.known(item)
    if own is not None and name in own and item.kind is not Kind.CLASS:  # a class binds what it gives
        interpreter.record(AttributeRead, node, item, name)
        value = own[name]
        return value - MAYBE_UNBOUND if len(value) > 1 else value
    handler = _MEMBERS.get(item.kind)
    return handler(interpreter, item, name, node) if handler is not None else UNKNOWN


def _library_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    full = f"{item.data}.{name}"
    if knowledge.TENSOR_TYPE.match(full):
        return interpreter.heap.value(Kind.TYPE, node, None, (), full, label=full)
    return interpreter.heap.value(Kind.LIBRARY, None, data=full, label=full)


def _module_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    names = interpreter.variables.of(item.data)
    if name in names:
        return names[name]
    return interpreter.heap.value(Kind.OPAQUE, None, None, (item,), ("name", name), label=f"{item.label}.{name}")


def _instance_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    found = interpreter.class_member(item.data, name, item, node)
    return (
        found
        if found is not None
        else interpreter.heap.value(Kind.OPAQUE, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")
    )


def _class_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    found = interpreter.class_member(item, name, None, node)
    return found if found is not None else UNKNOWN


def _model_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    interpreter.record(AttributeRead, node, item, name)
    if name == "module" and not (
        item.data.__class__ is Object and interpreter.class_member(item.data, name, None, None)
    ):
        return interpreter.heap.single(item.raw)  # what a wrapper calls the model inside
    if item.data is not None and item.data.__class__ is Object:
        found = interpreter.class_member(item.data, name, item, node)
        if found is not None:
            return found
    return interpreter.heap.value(Kind.PART, None, None, (item,), name, label=f"{item.label}.{name}")


def _part_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    return interpreter.heap.value(Kind.PART, None, None, (item,), name, label=f"{item.label}.{name}")


def _batch_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    if name in knowledge.VIEWS:
        return interpreter.heap.single(item)
    if name in ("shape", "dtype", "device", "ndim"):
        return interpreter.heap.value(Kind.DEVICE, node, data="of tensor") if name == "device" else UNKNOWN
    return interpreter.heap.tensor(frozenset((item,)))


def _tensor_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    if name == "device":
        return interpreter.heap.value(Kind.DEVICE, node, data="of tensor")
    return UNKNOWN if name in ("shape", "dtype", "ndim") else interpreter.heap.single(item)


def _opaque_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    interpreter.record(AttributeRead, node, item, name)
    return interpreter.heap.value(item.kind, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")


def _loader_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    interpreter.record(AttributeRead, node, item, name)
    if name == "sampler" or name == "batch_sampler":
        return interpreter.heap.value(Kind.SAMPLER, None, None, (item,), name, label=f"{item.label}.{name}")
    return interpreter.heap.value(Kind.OPTION, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")


def _recorded_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    interpreter.record(AttributeRead, node, item, name)
    if item.kind is Kind.ACCELERATOR and name == "device":
        return interpreter.heap.value(Kind.DEVICE, node, data="accelerator")
    return UNKNOWN


def _device_member(interpreter: Interpreter, item: Object, name: str, node: s.Node) -> Value:
    interpreter.record(AttributeRead, node, item, name)
    return UNKNOWN


_MEMBERS: dict[Kind, Callable[[Interpreter, Object, str, Any], Value]] = {
    Kind.LIBRARY: _library_member,
    Kind.MODULE: _module_member,
    Kind.INSTANCE: _instance_member,
    Kind.CLASS: _class_member,
    Kind.MODEL: _model_member,
    Kind.PART: _part_member,
    Kind.BATCH: _batch_member,
    Kind.TENSOR: _tensor_member,
    Kind.FRESH: _tensor_member,
    Kind.OPAQUE: _opaque_member,
    Kind.OPTION: _opaque_member,
    Kind.LOADER: _loader_member,
    Kind.OPTIMIZER: _recorded_member,
    Kind.SCHEDULER: _recorded_member,
    Kind.CRITERION: _recorded_member,
    Kind.ACCELERATOR: _recorded_member,
    Kind.DEVICE: _device_member,
}


def _subscript(interpreter: Interpreter, node: s.Subscript) -> Value:
    base = evaluate(interpreter, node.value)
    index = [evaluate(interpreter, part) for part in node.index]
    found: Value = NOTHING
    for item in base:
        value = _item(interpreter, item, node, index)
        found = join(found, value) if found else value
    return found or UNKNOWN


def _item(interpreter: Interpreter, item: Object, node: s.Subscript, index: list[Value]) -> Value:
    kind = item.kind
    if kind in (Kind.SEQUENCE, Kind.DICT):
        return _container_item(interpreter, item, index)
    if kind in (Kind.BATCH, Kind.FRESH):
        extra = roots(join_all(index))
        return interpreter.heap.tensor(extra | {item}) if extra - {item} else interpreter.heap.single(item)
    if kind is Kind.TENSOR:
        return interpreter.heap.tensor(frozenset(item.of) | roots(join_all(index)))
    if kind in (Kind.MODEL, Kind.PART):
        interpreter.record(ItemRead, node, item)
        return interpreter.heap.value(Kind.PART, None, None, (item,), "[]", label=f"{item.label}[]")
    if kind is Kind.LIBRARY:
        return interpreter.heap.value(Kind.LIBRARY, None, data=_picked(item.data), label=item.label)
    if kind is Kind.DATASET:
        return interpreter.heap.value(Kind.FRESH, item.site, None, (), "sample", label=item.label)
    if kind in (Kind.OPAQUE, Kind.OPTION, Kind.STATE):
        key = next(iter(index[0])).label if len(index) == 1 and len(index[0]) == 1 else ""
        made = Kind.OPAQUE if kind is Kind.STATE else kind
        return interpreter.heap.value(made, None, None, (item,), ("item", key), label=f"{item.label}[{key}]")
    if kind is Kind.LOADER:
        interpreter.record(ItemRead, node, item)
    return UNKNOWN


def _picked(name: str) -> str:
    """``torchvision.models.__dict__[x]`` picks a member of ``torchvision.models``."""
    return f"{name.removesuffix('.__dict__')}.?"


def _container_item(interpreter: Interpreter, item: Object, index: list[Value]) -> Value:
    own = interpreter.variables.of(item)
    keys = [index_key(x) for x in index[0]] if len(index) == 1 else [None]
    if None in keys:
        return join_all(own.values()) or UNKNOWN
    found = join_all(own[key] for key in keys if key is not None and key in own)
    if "*" in own:
        found = join(found, own["*"]) if found else own["*"]
    return found - MAYBE_UNBOUND or UNKNOWN


EVALUATORS: Evaluators = {
    s.Attribute: _attribute,
    s.Subscript: _subscript,
}
