"""What a call gives: local functions are followed, libraries are looked up, the rest is opaque."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.inference.arguments import Arguments
from migrator.inference.element import join_all, roots
from migrator.inference.evaluate import evaluate
from migrator.inference.function import call_function
from migrator.inference.interpreter import Interpreter
from migrator.inference.library import as_said, call_library
from migrator.inference.local_class import call_instance, call_method, construct
from migrator.inference.member import member
from migrator.inference.method import METHODS
from migrator.inference.objects import ANY, NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.opaque import call_opaque, call_partial, forward
from migrator.inference.spread import settle, spread, spread_names
from migrator.inference.trace import Backpropagated, Called, Route
from migrator.source import syntax as s


def call(interpreter: Interpreter, node: s.Call) -> Value:
    """Give what a call returns, following it where its body is known."""
    func = node.func
    if func.__class__ is s.Attribute:
        return _call_attribute(interpreter, node, func)
    callee = evaluate(interpreter, func)
    args = _arguments(interpreter, node)
    return join_all(call_object(interpreter, item, node, args) for item in callee) or UNKNOWN


def _call_attribute(interpreter: Interpreter, node: s.Call, func: s.Attribute) -> Value:
    receiver = evaluate(interpreter, func.value)
    args = _arguments(interpreter, node)
    if func.name == "backward" and any(item.kind in (Kind.ANY, Kind.UNBOUND) for item in receiver):
        interpreter.trace.events.append(
            Backpropagated(node, ANY, interpreter.frame, interpreter.loop, interpreter.clock, Route.TENSOR, NOTHING)
        )  # of what, nobody knows
    found: Value = NOTHING
    for item in receiver:
        method = METHODS.get(item.kind)
        own = interpreter.variables.known(item)
        if method is None or (own is not None and func.name in own):
            target = member(interpreter, item, func.name, func)
            interpreter.trace.values[func] = (
                join(interpreter.trace.values[func], target) if func in interpreter.trace.values else target
            )
            value = join_all(call_object(interpreter, part, node, args) for part in target) or UNKNOWN
        else:
            interpreter.record(Called, node, item, func.name)
            value = method(interpreter, item, func.name, node, args)
        found = join(found, value) if found else value
    return found or UNKNOWN


def _arguments(interpreter: Interpreter, node: s.Call) -> Arguments:
    """Evaluate a call's arguments from left to right."""
    args = Arguments(node)
    for arg in node.args:
        value = evaluate(interpreter, arg.value)
        if arg.star == "*":
            spread(interpreter, args, value)
        elif arg.star == "**":
            spread_names(interpreter, args, value)
        else:
            if isinstance(arg.value, s.Literal):
                value = frozenset(settle(interpreter, item) for item in value)
            if arg.keyword is not None:
                args.named[arg.keyword] = value
            else:
                args.placed.append(value)
    return args


def call_object(interpreter: Interpreter, item: Object, node: s.Call | None, args: Arguments) -> Value:
    """Call one object."""
    handler = _CALLS.get(item.kind)
    value = handler(interpreter, item, node, args) if handler is not None else UNKNOWN
    if interpreter.program.makes and item.kind in (Kind.FUNCTION, Kind.CLASS):
        return as_said(interpreter, item, node, args, value)
    return value


def _make_tensor(interpreter: Interpreter, item: Object, node: s.Node, args: Arguments) -> Value:
    """Call a tensor type: ``torch.FloatTensor(8, 8)``."""
    made = interpreter.heap.make(Kind.FRESH, node, interpreter.frame.context, (), None, str(item.data))
    made = interpreter.heap.place(made, "device" if ".cuda." in str(item.data) else "")
    given = roots(join_all(args.all()))
    return interpreter.heap.tensor(given | {made}) if given else interpreter.heap.single(made)


_CALLS: dict[Kind, Callable[[Interpreter, Object, Any, Arguments], Value]] = {
    Kind.LIBRARY: call_library,
    Kind.TYPE: _make_tensor,
    Kind.FUNCTION: call_function,
    Kind.METHOD: call_method,
    Kind.CLASS: construct,
    Kind.INSTANCE: call_instance,
    Kind.MODEL: forward,
    Kind.PART: forward,
    Kind.CRITERION: forward,
    Kind.OPAQUE: call_opaque,
    Kind.OPTION: call_opaque,
    Kind.TENSOR: forward,
    Kind.PARTIAL: call_partial,
}
