"""What an expression may be: names, literals, containers, operators; other kinds have files of their own."""

from __future__ import annotations

import builtins
import re
from typing import Any

from migrator.inference.element import computed, element, index_key, join_all
from migrator.inference.interpreter import Evaluators, Interpreter
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


def evaluate(interpreter: Interpreter, node: s.Expression) -> Value:
    """Give what an expression may be here, and note it among the facts."""
    value = interpreter.evaluators[node.__class__](interpreter, node)
    facts = interpreter.trace.values
    known = facts.get(node)
    if known is not value:
        facts[node] = value if known is None else known | value
    return value


# ---------------------------------------------------------------- names


def _name(interpreter: Interpreter, node: s.Name) -> Value:
    return lookup(interpreter, node.id, node)


def lookup(interpreter: Interpreter, name: str, node: s.Node | None = None) -> Value:
    """Give what a name holds in the current frame."""
    frame: Any = interpreter.frame
    variables = interpreter.variables
    while frame is not None:
        names = variables.known(frame)
        if names is not None and name in names:
            value = names[name]
            if UNBOUND in value and len(value) > 1 and node is not None:
                return value - MAYBE_UNBOUND
            return value
        frame = frame.outer
    if name == "__name__":
        return constant(
            interpreter, "__main__" if interpreter.frame.module is interpreter.program.entry else "", settled=True
        )
    if name in _BUILTINS:
        return interpreter.heap.value(Kind.LIBRARY, None, data=name, label=name)
    interpreter.missed = True
    return interpreter.heap.value(Kind.OPAQUE, None, None, (), ("name", id(interpreter.frame.module), name), label=name)


def constant(interpreter: Interpreter, data: object, settled: bool = False) -> Value:
    """Give a constant; a settled one may decide which way an `if` goes.

    What a script says once in its head is a setting that its user will change, so it settles nothing; what a loop over
    literals or a call hands over does.
    """
    return interpreter.heap.value(
        Kind.CONSTANT, None, "settled" if settled else None, (), (type(data).__name__, data), str(data)
    )


# ---------------------------------------------------------------- literals, operators


def _literal(interpreter: Interpreter, node: s.Literal) -> Value:
    data = node.value
    if data.__class__ is str:
        if len(data) < 9 and DEVICE_NAME.match(data):
            return interpreter.heap.value(Kind.DEVICE, node, data=data, label=data)
        return constant(interpreter, data) if len(data) < 40 else UNKNOWN
    if data is None or data.__class__ in (bool, int):
        return constant(interpreter, data)
    return UNKNOWN


def _text(interpreter: Interpreter, node: s.Text) -> Value:
    for part in node.parts:
        evaluate(interpreter, part)
    if _INDEXED_TEXT.match(node.head):
        return _picked_device(interpreter, node)
    return UNKNOWN


def _picked_device(interpreter: Interpreter, node: s.Node) -> Value:
    """A device whose index is worked out: ``f"cuda:{gpu}"``, ``"cuda:%d" % gpu``."""
    return interpreter.heap.value(Kind.DEVICE, node, data="option", label="cuda:?")


def _collection(interpreter: Interpreter, node: s.Collection) -> Value:
    parts: dict[str, Value] = {}
    for index, item in enumerate(node.items):
        if isinstance(item, s.Starred):
            inner = evaluate(interpreter, item.value)
            parts["*"] = join_all([parts.get("*", NOTHING), element(interpreter, inner)]) or UNKNOWN
        else:
            parts[str(index)] = evaluate(interpreter, item)
    made = interpreter.heap.make(Kind.SEQUENCE, node, interpreter.frame.context)
    interpreter.variables.put(made, parts)
    if node.kind == "list":
        for index, item in enumerate(node.items):
            record_store(interpreter, item, parts.get(str(index), NOTHING), made, str(index))
    return interpreter.heap.single(made)


def _mapping(interpreter: Interpreter, node: s.Mapping) -> Value:
    parts: dict[str, Value] = {}
    elements: list[tuple[s.Node, Value, str]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            for item in evaluate(interpreter, value):
                if item.kind is Kind.DICT:
                    parts.update(interpreter.variables.of(item))
            continue
        keys = [index_key(item) for item in evaluate(interpreter, key)]
        name = keys[0] if len(keys) == 1 and keys[0] is not None else "*"
        made = evaluate(interpreter, value)
        parts[name] = join(parts[name], made) if name in parts else made
        elements.append((value, made, name))
    item = interpreter.heap.make(Kind.DICT, node, interpreter.frame.context)
    interpreter.variables.put(item, parts)
    for part, made, name in elements:
        record_store(interpreter, part, made, item, name)
    return interpreter.heap.single(item)


def _binary(interpreter: Interpreter, node: s.Binary) -> Value:
    left, right = evaluate(interpreter, node.left), evaluate(interpreter, node.right)
    if left is UNKNOWN and right is UNKNOWN:
        return UNKNOWN
    if any(x.kind is Kind.DEVICE and _INDEXED_TEXT.match(str(x.data)) for x in left):
        return _picked_device(interpreter, node)
    parts = [x for x in (*left, *right) if x.kind in (Kind.SEQUENCE, Kind.PARAMETERS, Kind.ITERATOR)]
    if parts and node.operator == "Add":  # list(a.parameters()) + list(b.parameters())
        return _joined_lists(interpreter, node, parts)
    record_meeting(interpreter, node, (left, right))
    return computed(interpreter, (left, right))


def _joined_lists(interpreter: Interpreter, node: s.Node, parts: list[Object]) -> Value:
    held = join_all(element(interpreter, interpreter.heap.single(part)) for part in parts)
    item = interpreter.heap.make(Kind.SEQUENCE, node, interpreter.frame.context)
    interpreter.variables.put(item, {"*": held})
    return interpreter.heap.single(item)


def _lambda(interpreter: Interpreter, node: s.Lambda) -> Value:
    for param in node.params:
        if param.default is not None:
            interpreter.defaults[param] = evaluate(interpreter, param.default)
    return interpreter.heap.value(
        Kind.FUNCTION, node, interpreter.frame.context, (), (node, interpreter.frame), label="lambda"
    )


def record_store(interpreter: Interpreter, node: s.Node, value: Value, owner: Frame | Object, key: str) -> None:
    """Note what holds an object from here on, and under which name, key or index."""
    for item in value:
        if item.kind not in INERT:
            interpreter.record(Stored, node, item, owner, key)


def _walrus(interpreter: Interpreter, node: s.Walrus) -> Value:
    value = evaluate(interpreter, node.value)
    interpreter.assign(node.target, value)
    return value


def _through(interpreter: Interpreter, node: s.Await | s.Starred) -> Value:
    return evaluate(interpreter, node.value)


def _yield(interpreter: Interpreter, node: s.Yield) -> Value:
    if node.value is not None:
        value = evaluate(interpreter, node.value)
        held = element(interpreter, value) if node.delegates else value
        interpreter.frame.yields = join(interpreter.frame.yields, held) if interpreter.frame.yields else held
    interpreter.frame.returns.append(
        (UNKNOWN, interpreter.variables.copy())
    )  # whoever draws may go on from here and never come back
    return UNKNOWN


def _slice(interpreter: Interpreter, node: s.Slice) -> Value:
    for part in node.parts:
        evaluate(interpreter, part)
    return UNKNOWN


def _call(interpreter: Interpreter, node: s.Call) -> Value:
    return interpreter.call(node)


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
