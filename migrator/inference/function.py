"""Calls of local functions, which are followed into their bodies."""

from __future__ import annotations

from typing import Any

from migrator.inference.arguments import Arguments
from migrator.inference.element import computed, deep, join_all, sequence
from migrator.inference.evaluate import evaluate
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import UNKNOWN, Kind, Object, Value, join
from migrator.inference.spread import settle
from migrator.inference.state import Frame
from migrator.inference.summary import Recording, enter, keep_summary, key_of_call, known_summary
from migrator.inference.trace import Escaped, Stored
from migrator.inference.variables import Variables, merge
from migrator.source import syntax as s

_DEPTH = 25  # calls within calls


def call_function(
    interpreter: Interpreter,
    item: Object,
    node: Any,  # a node; None for a call that cannot be seen, which the trace keeps all the same
    args: Arguments,
    receiver: Object | None = None,
) -> Value:
    """Follow a call into a local function, unless it recurses or the program is too large."""
    function = item.data[0]
    written = node if args.node is None else args.node  # a `functools.partial` is written before it is called
    interpreter.trace.calls.setdefault(function, {}).setdefault(written, set()).add(interpreter.frame.node)
    way = [frame.node for frame in interpreter.frame.chain()]
    recursive = way.count(function) > 1
    if len(way) > _DEPTH or recursive or (interpreter.exhausted and function.body in interpreter.visited):
        escape(interpreter, node, args, None)
        return computed(interpreter, args.all())
    if interpreter.exhausted:
        return _follow(interpreter, item, node, args, receiver)
    key = key_of_call(interpreter, item, node, args, receiver, way)
    summary = known_summary(interpreter, key)
    if summary is not None:
        return summary.repeat(interpreter)
    recording = Recording(interpreter)
    value = _follow(interpreter, item, node, args, receiver)
    keep_summary(interpreter, key, recording.end(interpreter, value))
    return value


def _follow(
    interpreter: Interpreter, item: Object, node: s.Node | None, args: Arguments, receiver: Object | None
) -> Value:
    """Follow a call into a local function."""
    function, outer = item.data[0], item.data[1]
    frame = Frame(function, outer.module, outer, interpreter.frame, node)
    frame.loop = interpreter.loop
    frame.entered = interpreter.clock
    enter(interpreter, frame)
    frame.given = _bind(interpreter, function, args, receiver, frame)
    interpreter.variables.put(frame, dict(frame.given))
    return run(interpreter, function, frame)


def entered(interpreter: Interpreter, item: Object) -> s.FunctionDef | s.Lambda | None:
    """Give the local function that a call of an object enters; None where there is none, or it is not known."""
    if item.kind in (Kind.FUNCTION, Kind.METHOD):
        function: s.FunctionDef | s.Lambda = item.data[0]
        return function
    if item.kind is Kind.CLASS:
        found = interpreter.class_member(item, "__init__", None, None)
    elif item.kind is Kind.INSTANCE and item.data.__class__ is Object:
        found = interpreter.class_member(item.data, "__call__", None, None)
    else:
        return None
    nodes = {x.data[0] for x in found or () if x.kind is Kind.FUNCTION}
    return nodes.pop() if len(nodes) == 1 else None


def run(interpreter: Interpreter, function: s.FunctionDef | s.Lambda, frame: Frame) -> Value:
    """Execute a function's body in an activation whose parameters are bound; give what it returns."""
    caller, interpreter.frame, loop = interpreter.frame, frame, interpreter.loop
    if isinstance(function, s.Lambda):
        interpreter.visited.add(function.body)
        value = evaluate(interpreter, function.body)
    else:
        interpreter.execute(function.body)
        if interpreter.alive:
            frame.returns.append((interpreter.none, interpreter.variables))
        value = join_all(value for value, _ in frame.returns)
        _resume(interpreter, frame, keeps=function.namespace.holds_scopes)
        if function.is_generator:
            value = interpreter.heap.value(
                Kind.ITERATOR, function, frame.context, (), ("same", frame.yields or UNKNOWN)
            )
    interpreter.frame, interpreter.loop = caller, loop
    return value or UNKNOWN


def _resume(interpreter: Interpreter, frame: Frame, keeps: bool) -> None:
    """Go on behind a call with what any of its returns left."""
    after: Variables | None = None
    for _, variables in frame.returns:
        if not keeps:
            variables.drop(frame)
        after = merge(after, variables.copy() if len(frame.returns) > 1 else variables)
    interpreter.alive = after is not None
    if after is not None:
        interpreter.variables = after


def _bind(
    interpreter: Interpreter, function: s.FunctionDef | s.Lambda, args: Arguments, receiver: Object | None, frame: Frame
) -> dict[str, Value]:
    """Match arguments to parameters."""
    names: dict[str, Value] = {}
    placed = ([interpreter.heap.single(receiver)] if receiver is not None else []) + args.placed
    position = 0
    rest = dict(args.named)
    for param in function.params:
        if param.kind in ("position", "either"):
            if position < len(placed):
                names[param.name] = placed[position]
                position += 1
            elif param.name in rest:
                names[param.name] = rest.pop(param.name)
            else:
                names[param.name] = _default(interpreter, param, args, frame)
        elif param.kind == "*":
            names[param.name] = sequence(interpreter, param, placed[position:], frame.call)
            position = len(placed)
        elif param.kind == "keyword":
            names[param.name] = (
                rest.pop(param.name) if param.name in rest else _default(interpreter, param, args, frame)
            )
        else:
            item = interpreter.heap.make(Kind.DICT, param, frame.context)
            interpreter.variables.put(item, {**rest, **({"*": UNKNOWN} if args.extra else {})})
            names[param.name] = interpreter.heap.single(item)
    for param in function.params:
        for item in names[param.name]:
            interpreter.record(Stored, param, item, frame, param.name)
    return names


def _default(interpreter: Interpreter, param: s.Parameter, args: Arguments, frame: Frame) -> Value:
    """What a parameter holds that the call does not give."""
    if args.starred or args.extra or param.default is None:
        given = interpreter.heap.value(Kind.OPTION, param, None, (), None, label=param.name)
        return join(given, _default_value(interpreter, param, frame)) if param.default is not None else given
    return _default_value(interpreter, param, frame)


def _default_value(interpreter: Interpreter, param: s.Parameter, frame: Frame) -> Value:
    """A default that a call leaves in place decides conditions in that activation."""
    value = interpreter.read_defaults[param] = interpreter.defaults.get(param, UNKNOWN)
    return frozenset(settle(interpreter, item) for item in value) if frame.call is not None else value


def escape(interpreter: Interpreter, node: s.Node, args: Arguments, to: Object | None) -> None:
    """Note which objects are handed to code that is not walked."""
    for value in args.all():
        for item in deep(interpreter, value):
            interpreter.record(Escaped, node, item, to)
