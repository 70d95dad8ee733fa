"""Library functions with a meaning of their own, by qualified name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.inference import knowledge
from migrator.inference.arguments import Arguments
from migrator.inference.element import computed, deep, element, join_all, roots, sequence
from migrator.inference.function import call_function
from migrator.inference.interpreter import Interpreter
from migrator.inference.member import member
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.spread import spread, spread_names
from migrator.inference.trace import Backpropagated, Given, Inspected, Route, Saved
from migrator.source import syntax as s


def _getattr(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    found: Value = NOTHING
    names = [x.data[1] for x in args.get(1) if x.kind is Kind.CONSTANT and x.data[0] == "str"]
    for item in args.get(0):
        if names:
            value = join_all(member(interpreter, item, name, node) for name in names)
        elif item.kind is Kind.LIBRARY:
            value = interpreter.heap.value(Kind.LIBRARY, None, data=f"{item.data}.?", label=item.label)
        elif item.kind is Kind.MODULE:
            held = interpreter.variables.of(item.data).values()
            value = join_all(x for x in held if any(y.kind in (Kind.CLASS, Kind.FUNCTION) for y in x)) or UNKNOWN
        else:
            value = UNKNOWN
        found = join(found, value) if found else value
    return found or UNKNOWN


def _setattr(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    names = [x.data[1] for x in args.get(1) if x.kind is Kind.CONSTANT and x.data[0] == "str"]
    for item in args.get(0):
        for name in names:
            interpreter.variables.own(item)[name] = args.get(2) or UNKNOWN
    return UNKNOWN


def _partial(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    bound = Arguments(node)
    bound.placed, bound.named = args.placed[1:], args.named
    bound.starred, bound.extra = args.starred, args.extra
    made = interpreter.heap.make(Kind.PARTIAL, node, interpreter.frame.context)
    made.data = (args.get(0), bound)
    return interpreter.heap.single(made)


def _next(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    return interpreter.iterate(node, args.get(0) or UNKNOWN)


def _super(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    frame: Any = interpreter.frame
    while frame is not None and not isinstance(frame.node, s.FunctionDef):
        frame = frame.outer
    owner = frame.node.parent.owner if frame is not None else None
    if not isinstance(owner, s.ClassDef) or not frame.node.params:
        return UNKNOWN
    me = interpreter.variables.of(frame).get(frame.node.params[0].name, NOTHING)
    bases = tuple(x for c in interpreter.heap.those(Kind.CLASS) if c.site is owner for base in c.data[2] for x in base)
    return (
        frozenset(
            interpreter.heap.make(Kind.INSTANCE, None, "super", (x, *bases), None, "super")
            for x in me
            if x.kind is not Kind.ANY
        )
        or UNKNOWN
    )


def _exit(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    return interpreter.heap.value(Kind.CONSTANT, None, None, (), ("exit", True), label="exit")


def _deepcopy(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    found: list[Object] = []
    for item in args.get(0):
        interpreter.record(Given, node, item, "copy.deepcopy")
        if item.kind in (Kind.MODEL, Kind.OPTIMIZER, Kind.OPAQUE):
            found.append(
                interpreter.heap.make(
                    item.kind, node, interpreter.frame.context, (), item.data, f"copy of {item.label}"
                )
            )
        else:
            found.append(item)
    return frozenset(found) or UNKNOWN


def _type_of(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    for item in args.get(0):
        interpreter.record(Inspected, node, item)
    return UNKNOWN


def parse_args(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    """Give what the command line said."""
    return interpreter.heap.value(Kind.OPTION, node, None, (), None, label="args")


def _sum(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    return computed(interpreter, [element(interpreter, value) for value in args.placed])


def _spawn(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    """``mp.spawn(fn, args=(...))`` calls ``fn(rank, *args)``."""
    inner = Arguments(node)
    inner.placed = [interpreter.heap.value(Kind.RANK, node, None)]
    spread(interpreter, inner, args.get(1, "args") or sequence(interpreter, node, []))
    return _target(interpreter, args.get(0, "fn"), node, inner)


def _thread(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    inner = Arguments(node)
    spread(interpreter, inner, args.get(None, "args") or sequence(interpreter, node, []))
    spread_names(interpreter, inner, args.get(None, "kwargs"))
    return _target(interpreter, args.get(None, "target"), node, inner)


def _target(interpreter: Interpreter, callee: Value, node: s.Call, inner: Arguments) -> Value:
    for item in callee:
        if item.kind in (Kind.FUNCTION, Kind.METHOD):
            interpreter.trace.unseen.add(item.data[0])
            call_function(interpreter, item, node, inner, item.of[0] if item.kind is Kind.METHOD else None)
            interpreter.alive = True
    return UNKNOWN


def _autograd_backward(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    for item in deep(interpreter, args.get(0, "tensors")):
        interpreter.record(Backpropagated, node, item, Route.AUTOGRAD, roots(interpreter.heap.single(item)))
    return UNKNOWN


def _len(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    found: list[Object] = []
    for item in args.get(0):
        interpreter.record(Given, node, item, "len")
        if item.kind in (Kind.DATASET, Kind.LOADER):
            found.append(interpreter.heap.make(Kind.LENGTH, None, None, (item,), None, f"len({item.label})"))
    return frozenset(found) or computed(interpreter, args.all())


def _parser(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    return interpreter.heap.value(Kind.OPTION, node, None, (), None, label="parser")


def _configuration(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    """What is read from a file of settings."""
    return interpreter.heap.value(Kind.OPTION, node, None, (), None, label="config")


def _namespace(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    item = interpreter.heap.make(Kind.OPTION, node, interpreter.frame.context, (), None, "namespace")
    interpreter.variables.put(item, dict(args.named))
    return interpreter.heap.single(item)


def _dict(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    item = interpreter.heap.make(Kind.DICT, node, interpreter.frame.context)
    interpreter.variables.put(item, dict(args.named))
    for value in args.placed:
        for other in value:
            if other.kind is Kind.DICT:
                interpreter.variables.own(item).update(interpreter.variables.of(other))
    return interpreter.heap.single(item)


def _defaultdict(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    """A dict whose missing entries are, as far as we care, lists."""
    item = interpreter.heap.make(Kind.DICT, node, interpreter.frame.context)
    held = interpreter.heap.make(Kind.SEQUENCE, node, interpreter.frame.context)
    interpreter.variables.put(held, {})
    interpreter.variables.put(item, {"*": interpreter.heap.single(held)})
    return interpreter.heap.single(item)


def save(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    """Note what is written to a checkpoint."""
    for item in deep(interpreter, args.get(0, "obj")):
        interpreter.record(Saved, node, item)
    return UNKNOWN


SPECIAL: dict[str, Callable[[Interpreter, s.Call, Arguments], Value]] = {
    "getattr": _getattr,
    "setattr": _setattr,
    "functools.partial": _partial,
    "functools.wraps": _type_of,
    "functools.update_wrapper": _type_of,
    "len": _len,
    "next": _next,
    "super": _super,
    "exit": _exit,
    "quit": _exit,
    "sys.exit": _exit,
    "os._exit": _exit,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _deepcopy,
    "isinstance": _type_of,
    "hasattr": _type_of,
    "type": _type_of,
    "id": _type_of,
    "print": _type_of,
    "sum": _sum,
    "dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _defaultdict,
    "argparse.Namespace": _namespace,
    "types.SimpleNamespace": _namespace,
    **dict.fromkeys(knowledge.PARSERS, _parser),
    **dict.fromkeys(knowledge.CONFIGURATIONS, _configuration),
    "torch.multiprocessing.spawn": _spawn,
    "torch.multiprocessing.Process": _thread,
    "multiprocessing.Process": _thread,
    "threading.Thread": _thread,
    "torch.autograd.backward": _autograd_backward,
    "torch.save": save,
}
