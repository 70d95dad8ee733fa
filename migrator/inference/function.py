"""Calls of local functions, which are followed into their bodies."""

from __future__ import annotations

from typing import Any

from migrator.inference.arguments import Arguments
from migrator.inference.element import computed, deep, join_all, sequence
from migrator.inference.evaluate import evaluate
from migrator.inference.interpreter import Walk
from migrator.inference.objects import UNKNOWN, Kind, Object, Value, join
from migrator.inference.spread import settle
from migrator.inference.state import Frame
from migrator.inference.summary import Recording, enter, keep_summary, key_of_call, known_summary
from migrator.inference.trace import Escaped, Stored
from migrator.inference.variables import Variables, merge
from migrator.source import syntax as s

_DEPTH = 25  # calls within calls


def call_function(walk: Walk, item: Object, node: Any, args: Arguments, receiver: Object | None = None) -> Value:
    """Follow a call into a local function, unless it recurses or the program is too large."""
    function = item.data[0]
    written = node if args.node is None else args.node  # a `functools.partial` is written before it is called
    walk.trace.calls.setdefault(function, {}).setdefault(written, set()).add(walk.frame.node)
    way = [frame.node for frame in walk.frame.chain()]
    recursive = way.count(function) > 1
    if len(way) > _DEPTH or recursive or (walk.exhausted and function.body in walk.visited):
        escape(walk, node, args, None)
        return computed(walk, args.all())
    if walk.exhausted:
        return _follow(walk, item, node, args, receiver)
    key = key_of_call(walk, item, node, args, receiver, way)
    summary = known_summary(walk, key)
    if summary is not None:
        return summary.repeat(walk)
    recording = Recording(walk)
    value = _follow(walk, item, node, args, receiver)
    keep_summary(walk, key, recording.end(walk, value))
    return value


def _follow(walk: Walk, item: Object, node: Any, args: Arguments, receiver: Object | None) -> Value:
    """Follow a call into a local function."""
    function, outer = item.data[0], item.data[1]
    frame = Frame(function, outer.module, outer, walk.frame, node)
    frame.loop = walk.loop
    frame.entered = walk.clock
    enter(walk, frame)
    frame.given = _bind(walk, function, args, receiver, frame)
    walk.variables.put(frame, dict(frame.given))
    return run(walk, function, frame)


def entered(walk: Walk, item: Object) -> Any:
    """Give the local function that a call of an object enters; None where there is none, or it is not known."""
    if item.kind in (Kind.FUNCTION, Kind.METHOD):
        return item.data[0]
    if item.kind is Kind.CLASS:
        found = walk.class_member(item, "__init__", None, None)
    elif item.kind is Kind.INSTANCE and item.data.__class__ is Object:
        found = walk.class_member(item.data, "__call__", None, None)
    else:
        return None
    nodes = {x.data[0] for x in found or () if x.kind is Kind.FUNCTION}
    return nodes.pop() if len(nodes) == 1 else None


def run(walk: Walk, function: s.FunctionDef | s.Lambda, frame: Frame) -> Value:
    """Execute a function's body in an activation whose parameters are bound; give what it returns."""
    caller, walk.frame, loop = walk.frame, frame, walk.loop
    if isinstance(function, s.Lambda):
        walk.visited.add(function.body)
        value = evaluate(walk, function.body)
    else:
        walk.execute(function.body)
        if walk.alive:
            frame.returns.append((walk.none, walk.variables))
        value = join_all(value for value, _ in frame.returns)
        _resume(walk, frame, keeps=function.namespace.holds_scopes)
        if function.is_generator:
            value = walk.heap.value(Kind.ITERATOR, function, frame.context, (), ("same", frame.yields or UNKNOWN))
    walk.frame, walk.loop = caller, loop
    return value or UNKNOWN


def _resume(walk: Walk, frame: Frame, keeps: bool) -> None:
    """Go on behind a call with what any of its returns left."""
    after: Variables | None = None
    for _, variables in frame.returns:
        if not keeps:
            variables.drop(frame)
        after = merge(after, variables.copy() if len(frame.returns) > 1 else variables)
    walk.alive = after is not None
    if after is not None:
        walk.variables = after


def _bind(walk: Walk, function: Any, args: Arguments, receiver: Object | None, frame: Frame) -> dict[str, Value]:
    """Match arguments to parameters."""
    names: dict[str, Value] = {}
    placed = ([walk.heap.single(receiver)] if receiver is not None else []) + args.placed
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
                names[param.name] = _default(walk, param, args, frame)
        elif param.kind == "*":
            names[param.name] = sequence(walk, param, placed[position:], frame.call)
            position = len(placed)
        elif param.kind == "keyword":
            names[param.name] = rest.pop(param.name) if param.name in rest else _default(walk, param, args, frame)
        else:
            item = walk.heap.make(Kind.DICT, param, frame.context)
            walk.variables.put(item, {**rest, **({"*": UNKNOWN} if args.extra else {})})
            names[param.name] = walk.heap.single(item)
    for param in function.params:
        for item in names[param.name]:
            walk.record(Stored, param, item, frame, param.name)
    return names


def _default(walk: Walk, param: s.Parameter, args: Arguments, frame: Frame) -> Value:
    """What a parameter holds that the call does not give."""
    if args.starred or args.extra or param.default is None:
        given = walk.heap.value(Kind.OPTION, param, None, (), None, label=param.name)
        return join(given, _default_value(walk, param, frame)) if param.default is not None else given
    return _default_value(walk, param, frame)


def _default_value(walk: Walk, param: s.Parameter, frame: Frame) -> Value:
    """A default that a call leaves in place decides conditions in that activation."""
    value = walk.read_defaults[param] = walk.defaults.get(param, UNKNOWN)
    return frozenset(settle(walk, item) for item in value) if frame.call is not None else value


def escape(walk: Walk, node: s.Node, args: Arguments, to: Object | None) -> None:
    """Note which objects are handed to code that is not walked."""
    for value in args.all():
        for item in deep(walk, value):
            walk.record(Escaped, node, item, to)
