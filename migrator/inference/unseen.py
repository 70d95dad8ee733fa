"""Functions that nobody visible calls, and decorators that may change what a call needs."""

from __future__ import annotations

import re

from migrator.inference.arguments import Arguments
from migrator.inference.decorator import passes_on, wrappers_of
from migrator.inference.evaluate import evaluate
from migrator.inference.function import call_function, run
from migrator.inference.interpreter import Interpreter
from migrator.inference.local_class import class_kind
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value
from migrator.inference.state import Frame
from migrator.source import syntax as s
from migrator.source.module import Module


def call_commands(interpreter: Interpreter, module: Module) -> None:
    """Walk the functions of a script that an installed command starts, as if the script called them at its end.

    Such a function is named nowhere in the script, needs no argument, and reads the command line.
    """
    named = {x.id for x in module.variables() if isinstance(x, s.Name) and not x.store}
    frame = interpreter.modules[module].data
    for node in module.root.body.statements:
        if isinstance(node, s.FunctionDef) and node.name not in named and node in interpreter.defined:
            item = interpreter.defined[node][0]
            if all(map(_may_be_left_out, node.params)) and _reads_command_line(interpreter, item, set()):
                call_unseen(interpreter, item, frame)


def _may_be_left_out(param: s.Parameter) -> bool:
    return param.default is not None or param.kind in ("*", "**")


def _reads_command_line(interpreter: Interpreter, item: Object, seen: set[Object]) -> bool:
    """Whether a function, or a local one that it calls, parses the arguments of the process."""
    seen.add(item)
    function, outer = item.data[0], item.data[1]
    for call in (x for x in function.body.walk() if isinstance(x, s.Call)):
        if isinstance(call.func, s.Attribute) and call.func.name in ("parse_args", "parse_known_args"):
            return not call.args
        known = interpreter.variables.of(outer).get(call.func.id, NOTHING) if isinstance(call.func, s.Name) else NOTHING
        if any(x.kind is Kind.FUNCTION and x not in seen and _reads_command_line(interpreter, x, seen) for x in known):
            return True
    return False


def call_unseen(interpreter: Interpreter, item: Object, caller: Frame | None = None) -> None:
    """Walk a function that nobody visible calls, with parameters of which nothing is known."""
    function, outer = item.data[0], item.data[1]
    interpreter.trace.unseen.add(function)
    frame = Frame(function, outer.module, outer, caller, None)
    interpreter.trace.frames.setdefault(function, []).append(frame)
    names: dict[str, Value] = {}
    for param in function.params:
        names[param.name] = interpreter.heap.value(Kind.OPAQUE, param, None, (), "parameter", label=param.name)
    owner = function.block.owner if isinstance(function, s.FunctionDef) else None
    if isinstance(owner, s.ClassDef) and function.params:
        names[function.params[0].name] = _some_instance(interpreter, owner)
    frame.given = dict(names)
    interpreter.variables.put(frame, names)
    caller, interpreter.frame = interpreter.frame, frame
    run(interpreter, function, frame)
    interpreter.frame, interpreter.alive = caller, True


def _some_instance(interpreter: Interpreter, node: s.ClassDef) -> Value:
    classes = [x for x in interpreter.heap.those(Kind.CLASS) if x.site is node]
    found = [x for x in interpreter.heap.those(Kind.INSTANCE, Kind.MODEL) if x.data in classes]
    if found:
        return frozenset(found)
    if not classes:
        return UNKNOWN
    kind = class_kind(interpreter, classes[0])
    made = kind if kind in (Kind.MODEL, Kind.DATASET) else Kind.INSTANCE
    return interpreter.heap.value(made, node, None, (), classes[0], label="self")


def decorated(interpreter: Interpreter, node: s.FunctionDef, item: Object) -> Value:
    """Give what a decorated definition binds: the function, for every decorator that we know or cannot see through."""
    for decorator in node.decorators:
        value = evaluate(interpreter, decorator)
        target = decorator.func if isinstance(decorator, s.Call) else decorator
        names = [x.data for x in interpreter.trace.values.get(target, value) if x.kind is Kind.LIBRARY]
        if names and all(_TRANSPARENT.match(name) for name in names):
            continue
        if not names and value and all(passes_on(x.site) for x in value):
            apply_decorator(interpreter, decorator, value, item)
            continue
        interpreter.trace.decorated[node] = ".".join(names) or "decorator"
    return interpreter.heap.single(item)


def apply_decorator(interpreter: Interpreter, decorator: s.Node, value: Value, item: Object) -> None:
    """Call a local decorator for what it does beside: a registry keeps what it is given."""
    for part in value:
        if part.kind in (Kind.FUNCTION, Kind.METHOD):
            args = Arguments()
            args.placed.append(interpreter.heap.single(item))
            interpreter.trace.unseen.add(part.data[0])
            call_function(interpreter, part, decorator, args, part.of[0] if part.kind is Kind.METHOD else None)
            interpreter.alive = True
            interpreter.visited.update(wrapper.body for wrapper in wrappers_of(part.site))


_TRANSPARENT = re.compile(
    r"torch\.(no_grad|inference_mode|enable_grad|jit\.\w+|compile|distributed\.elastic.*record|set_grad_enabled)|staticmethod|classmethod|property|"
    r"functools\.(wraps|lru_cache|cache)|contextlib\.\w+|abc\.\w+|typing\.\w+"
)
