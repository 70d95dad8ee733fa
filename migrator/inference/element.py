"""What values hold and come from: elements of containers and iterators, the roots of tensors."""

from __future__ import annotations

from collections.abc import Iterable

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.source import syntax as s

# what a tensor can come from
ROOTS = frozenset({Kind.MODEL, Kind.PART, Kind.BATCH, Kind.FRESH, Kind.OPAQUE, Kind.CRITERION, Kind.PARAMETERS})


def roots(value: Value) -> frozenset[Object]:
    """Give what a value was computed from: models, batches, tensors made here, things unknown to us."""
    found: set[Object] = set()
    for item in value:
        if item.kind is Kind.TENSOR:
            found.update(item.of)
        elif item.kind in ROOTS:
            found.add(item)
    return frozenset(found)


def computed(interpreter: Interpreter, values: Iterable[Value]) -> Value:
    """Give the tensor that is computed from some values, or the unknown where none of them is a tensor."""
    found: frozenset[Object] = frozenset()
    for value in values:
        if value is not UNKNOWN:
            found |= roots(deep(interpreter, value))
    return interpreter.heap.tensor(found)


def deep(interpreter: Interpreter, value: Value, depth: int = 3) -> Value:
    """Give a value together with what its containers hold."""
    found = value
    for item in value:
        if item.kind in (Kind.SEQUENCE, Kind.DICT) and depth:
            for inner in interpreter.variables.of(item).values():
                found |= deep(interpreter, inner, depth - 1)
        elif item.kind is Kind.FRESH and depth and "*" in interpreter.variables.of(item):  # what was copied into it
            found |= deep(interpreter, interpreter.variables.of(item)["*"], depth - 1)
        elif item.kind is Kind.ITERATOR and depth:
            found |= deep(interpreter, element(interpreter, interpreter.heap.single(item)), depth - 1)
    return found


def copy_into(interpreter: Interpreter, item: Object, value: Value) -> None:
    """Remember what is written into a tensor that the script made beforehand."""
    held = roots(value) - {item}
    if held:
        own = interpreter.variables.own(item)
        own["*"] = join(own["*"], frozenset(held)) if "*" in own else frozenset(held)


def element(interpreter: Interpreter, value: Value) -> Value:
    """Give what iterating over a value yields."""
    found: Value = NOTHING
    for item in value:
        found = join(found, _element(interpreter, item)) if found else _element(interpreter, item)
    return found or UNKNOWN


def _element(interpreter: Interpreter, item: Object) -> Value:
    kind = item.kind
    if kind is Kind.LOADER or kind is Kind.OPAQUE:
        return interpreter.heap.value(Kind.BATCH, None, None, (item,), label=item.label)
    if kind is Kind.ITERATOR:
        shape, inner = item.data
        if shape in ("same", "items"):
            return inner  # type: ignore[no-any-return]
        parts = (UNKNOWN, inner) if shape == "pair" else inner
        return sequence(interpreter, item.site, parts, item)
    if kind is Kind.SEQUENCE:
        values = interpreter.variables.of(item)
        return join_all(values.values()) or UNKNOWN
    if kind in (Kind.BATCH, Kind.TENSOR, Kind.FRESH):
        return interpreter.heap.single(item)
    if kind is Kind.PARAMETERS:
        return interpreter.heap.value(Kind.PART, None, None, item.of, "*", label=f"{item.label}[*]")
    if kind is Kind.MODEL or kind is Kind.PART:
        return interpreter.heap.value(Kind.PART, None, None, (whole(item),), "*", label=f"{item.label}[*]")
    if kind is Kind.DATASET:
        return interpreter.heap.value(Kind.FRESH, item.site, None, (), "sample", label=item.label)
    return UNKNOWN


def join_all(values: Iterable[Value]) -> Value:
    """Join several values; nothing for none."""
    found: Value = NOTHING
    for value in values:
        found = join(found, value) if found else value
    return found


def whole(item: Object) -> Object:
    """Give the model that a part belongs to."""
    while item.kind is Kind.PART:
        item = item.of[0]
    return item


def sequence(interpreter: Interpreter, site: object, parts: Iterable[Value], key: object = None) -> Value:
    """Make a sequence with these elements."""
    item = interpreter.heap.make(Kind.SEQUENCE, site, interpreter.frame.context, (), key)
    interpreter.variables.put(item, {str(index): part for index, part in enumerate(parts)})
    return interpreter.heap.single(item)


def batches(interpreter: Interpreter, value: Value) -> set[Object]:
    """Give the batches anywhere in a value."""
    return {item for item in deep(interpreter, value) if item.kind is Kind.BATCH}


def index_key(item: Object) -> str | None:
    """Give the key that an object stands for in a container; None where that is not known."""
    if item.kind is Kind.CONSTANT and item.data[0] in ("str", "int"):
        return str(item.data[1])
    if item.kind is Kind.DEVICE and isinstance(item.site, s.Literal):
        return str(item.site.value)
    return None
