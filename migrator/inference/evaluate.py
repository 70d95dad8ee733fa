"""What an expression may be: names, literals, containers, operators; other kinds have files of their own."""

from __future__ import annotations

import builtins
import re
from typing import Any

from migrator.inference.element import computed, element, index_key, join_all
from migrator.inference.interpreter import Evaluators, Walk
from migrator.inference.objects import (
    INERT,
    MAYBE_UNBOUND,
    NOTHING,
    UNBOUND,
    UNKNOWN,
    Kind,
    Object,
    Value,
    join,
)
from migrator.inference.place import record_meeting
from migrator.inference.state import Frame
from migrator.inference.trace import Stored
from migrator.source import syntax as s

_BUILTINS = frozenset(dir(builtins))
DEVICE_NAME = re.compile(r"(cuda|cpu|mps|xpu|npu|hpu|xla|gpu|hip)(:\d+|:\{\}|:%d|:)?$")
_INDEXED_TEXT = re.compile(r"(cuda|xpu|npu|hip):")


def evaluate(walk: Walk, node: Any) -> Value:
    """Give what an expression may be here, and note it among the facts."""
    value = walk.evaluators[node.__class__](walk, node)
    facts = walk.trace.values
    known = facts.get(node)
    if known is not value:
        facts[node] = value if known is None else known | value
    return value


# ---------------------------------------------------------------- names


def _name(walk: Walk, node: s.Name) -> Value:
    return lookup(walk, node.id, node)


def lookup(walk: Walk, name: str, node: s.Node | None = None) -> Value:
    """Give what a name holds in the current frame."""
    frame: Any = walk.frame
    variables = walk.variables
    while frame is not None:
        names = variables.known(frame)
        if names is not None and name in names:
            value = names[name]
            if UNBOUND in value and len(value) > 1 and node is not None:
                return value - MAYBE_UNBOUND
            return value
        frame = frame.outer
    if name == "__name__":
        return constant(walk, "__main__" if walk.frame.module is walk.program.entry else "", settled=True)
    if name in _BUILTINS:
        return walk.heap.value(Kind.LIBRARY, None, data=name, label=name)
    walk.missed = True
    return walk.heap.value(Kind.OPAQUE, None, None, (), ("name", id(walk.frame.module), name), label=name)


def constant(walk: Walk, data: object, settled: bool = False) -> Value:
    """Give a constant; a settled one may decide which way an `if` goes.

    What a script says once in its head is a setting that its user will change, so it settles nothing; what a loop over
    literals or a call hands over does.
    """
    return walk.heap.value(
        Kind.CONSTANT, None, "settled" if settled else None, (), (type(data).__name__, data), str(data)
    )


# ---------------------------------------------------------------- literals, operators


def _literal(walk: Walk, node: s.Literal) -> Value:
    data = node.value
    if data.__class__ is str:
        if len(data) < 9 and DEVICE_NAME.match(data):
            return walk.heap.value(Kind.DEVICE, node, data=data, label=data)
        return constant(walk, data) if len(data) < 40 else UNKNOWN
    if data is None or data.__class__ in (bool, int):
        return constant(walk, data)
    return UNKNOWN


def _text(walk: Walk, node: s.Text) -> Value:
    for part in node.parts:
        evaluate(walk, part)
    if _INDEXED_TEXT.match(node.head):
        return _picked_device(walk, node)
    return UNKNOWN


def _picked_device(walk: Walk, node: s.Node) -> Value:
    """A device whose index is worked out: ``f"cuda:{gpu}"``, ``"cuda:%d" % gpu``."""
    return walk.heap.value(Kind.DEVICE, node, data="option", label="cuda:?")


def _collection(walk: Walk, node: s.Collection) -> Value:
    parts: dict[str, Value] = {}
    for index, item in enumerate(node.items):
        if isinstance(item, s.Starred):
            inner = evaluate(walk, item.value)
            parts["*"] = join_all([parts.get("*", NOTHING), element(walk, inner)]) or UNKNOWN
        else:
            parts[str(index)] = evaluate(walk, item)
    made = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(made, parts)
    if node.kind == "list":
        for index, item in enumerate(node.items):
            record_store(walk, item, parts.get(str(index), NOTHING), made, str(index))
    return walk.heap.single(made)


def _mapping(walk: Walk, node: s.Mapping) -> Value:
    parts: dict[str, Value] = {}
    elements: list[tuple[s.Node, Value, str]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            for item in evaluate(walk, value):
                if item.kind is Kind.DICT:
                    parts.update(walk.variables.of(item))
            continue
        keys = [index_key(item) for item in evaluate(walk, key)]
        name = keys[0] if len(keys) == 1 and keys[0] is not None else "*"
        made = evaluate(walk, value)
        parts[name] = join(parts[name], made) if name in parts else made
        elements.append((value, made, name))
    item = walk.heap.make(Kind.DICT, node, walk.frame.context)
    walk.variables.put(item, parts)
    for part, made, name in elements:
        record_store(walk, part, made, item, name)
    return walk.heap.single(item)


def _binary(walk: Walk, node: s.Binary) -> Value:
    left, right = evaluate(walk, node.left), evaluate(walk, node.right)
    if left is UNKNOWN and right is UNKNOWN:
        return UNKNOWN
    if any(x.kind is Kind.DEVICE and _INDEXED_TEXT.match(str(x.data)) for x in left):
        return _picked_device(walk, node)
    parts = [x for x in (*left, *right) if x.kind in (Kind.SEQUENCE, Kind.PARAMETERS, Kind.ITERATOR)]
    if parts and node.operator == "Add":  # list(a.parameters()) + list(b.parameters())
        return _joined_lists(walk, node, parts)
    record_meeting(walk, node, (left, right))
    return computed(walk, (left, right))


def _joined_lists(walk: Walk, node: s.Node, parts: list[Object]) -> Value:
    held = join_all(element(walk, walk.heap.single(part)) for part in parts)
    item = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(item, {"*": held})
    return walk.heap.single(item)


def _lambda(walk: Walk, node: s.Lambda) -> Value:
    for param in node.params:
        if param.default is not None:
            walk.defaults[param] = evaluate(walk, param.default)
    return walk.heap.value(Kind.FUNCTION, node, walk.frame.context, (), (node, walk.frame), label="lambda")


def record_store(walk: Walk, node: s.Node, value: Value, owner: Frame | Object, key: str) -> None:
    """Note what holds an object from here on, and under which name, key or index."""
    for item in value:
        if item.kind not in INERT:
            walk.record(Stored, node, item, owner, key)


def _walrus(walk: Walk, node: s.Walrus) -> Value:
    value = evaluate(walk, node.value)
    walk.assign(node.target, value)
    return value


def _through(walk: Walk, node: Any) -> Value:
    return evaluate(walk, node.value)


def _yield(walk: Walk, node: s.Yield) -> Value:
    if node.value is not None:
        value = evaluate(walk, node.value)
        held = element(walk, value) if node.delegates else value
        walk.frame.yields = join(walk.frame.yields, held) if walk.frame.yields else held
    walk.frame.returns.append((UNKNOWN, walk.variables.copy()))  # whoever draws may go on from here and never come back
    return UNKNOWN


def _slice(walk: Walk, node: s.Slice) -> Value:
    for part in node.parts:
        evaluate(walk, part)
    return UNKNOWN


def _call(walk: Walk, node: s.Call) -> Value:
    return walk.call(node)


EVALUATORS: Evaluators = {
    s.Name: _name,
    s.Literal: _literal,
    s.Text: _text,
    s.Collection: _collection,
    s.Mapping: _mapping,
    s.Binary: _binary,
    s.Lambda: _lambda,
    s.Walrus: _walrus,
    s.Starred: _through,
    s.Await: _through,
    s.Yield: _yield,
    s.Slice: _slice,
    s.Call: _call,
}
