"""Library functions with a meaning of their own, by qualified name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.inference import knowledge
from migrator.inference.arguments import Arguments
from migrator.inference.element import computed, deep, element, join_all, roots, sequence
from migrator.inference.evaluate import constant
from migrator.inference.function import call_function
from migrator.inference.interpreter import Walk
from migrator.inference.member import member
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.spread import spread, spread_names
from migrator.inference.trace import Backpropagated, Given, Inspected, Route, Saved
from migrator.source import syntax as s


def _getattr(walk: Walk, node: s.Call, args: Arguments) -> Value:
    found: Value = NOTHING
    names = [x.data[1] for x in args.get(1) if x.kind is Kind.CONSTANT and x.data[0] == "str"]
    for item in args.get(0):
        if names:
            value = join_all(member(walk, item, name, node) for name in names)
        elif item.kind is Kind.LIBRARY:
            value = walk.heap.value(Kind.LIBRARY, None, data=f"{item.data}.?", label=item.label)
        elif item.kind is Kind.MODULE:
            held = walk.variables.of(item.data).values()
            value = join_all(x for x in held if any(y.kind in (Kind.CLASS, Kind.FUNCTION) for y in x)) or UNKNOWN
        else:
            value = UNKNOWN
        found = join(found, value) if found else value
    return found or UNKNOWN


def _setattr(walk: Walk, node: s.Call, args: Arguments) -> Value:
    names = [x.data[1] for x in args.get(1) if x.kind is Kind.CONSTANT and x.data[0] == "str"]
    for item in args.get(0):
        for name in names:
            walk.variables.own(item)[name] = args.get(2) or UNKNOWN
    return UNKNOWN


def _partial(walk: Walk, node: s.Call, args: Arguments) -> Value:
    bound = Arguments(node)
    bound.placed, bound.named = args.placed[1:], args.named
    bound.starred, bound.extra = args.starred, args.extra
    made = walk.heap.make(Kind.PARTIAL, node, walk.frame.context)
    made.data = (args.get(0), bound)
    return walk.heap.single(made)


def _next(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return walk.iterate(node, args.get(0) or UNKNOWN)


def _super(walk: Walk, node: s.Call, args: Arguments) -> Value:
    frame: Any = walk.frame
    while frame is not None and not isinstance(frame.node, s.FunctionDef):
        frame = frame.outer
    owner = frame.node.parent.owner if frame is not None else None
    if not isinstance(owner, s.ClassDef) or not frame.node.params:
        return UNKNOWN
    me = walk.variables.of(frame).get(frame.node.params[0].name, NOTHING)
    bases = tuple(x for c in walk.heap.those(Kind.CLASS) if c.site is owner for base in c.data[2] for x in base)
    return (
        frozenset(
            walk.heap.make(Kind.INSTANCE, None, "super", (x, *bases), None, "super")
            for x in me
            if x.kind is not Kind.ANY
        )
        or UNKNOWN
    )


def _exit(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return (
        constant(walk, True) if False else walk.heap.value(Kind.CONSTANT, None, None, (), ("exit", True), label="exit")
    )


def _deepcopy(walk: Walk, node: s.Call, args: Arguments) -> Value:
    found: list[Object] = []
    for item in args.get(0):
        walk.record(Given, node, item, "copy.deepcopy")
        if item.kind in (Kind.MODEL, Kind.OPTIMIZER, Kind.OPAQUE):
            found.append(walk.heap.make(item.kind, node, walk.frame.context, (), item.data, f"copy of {item.label}"))
        else:
            found.append(item)
    return frozenset(found) or UNKNOWN


def _type_of(walk: Walk, node: s.Call, args: Arguments) -> Value:
    for item in args.get(0):
        walk.record(Inspected, node, item)
    return UNKNOWN


def parse_args(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """Give what the command line said."""
    return walk.heap.value(Kind.OPTION, node, None, (), None, label="args")


def _sum(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return computed(walk, [element(walk, value) for value in args.placed])


def _spawn(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """``mp.spawn(fn, args=(...))`` calls ``fn(rank, *args)``."""
    inner = Arguments(node)
    inner.placed = [walk.heap.value(Kind.RANK, node, None)]
    spread(walk, inner, args.get(1, "args") or sequence(walk, node, []))
    return _target(walk, args.get(0, "fn"), node, inner)


def _thread(walk: Walk, node: s.Call, args: Arguments) -> Value:
    inner = Arguments(node)
    spread(walk, inner, args.get(None, "args") or sequence(walk, node, []))
    spread_names(walk, inner, args.get(None, "kwargs"))
    return _target(walk, args.get(None, "target"), node, inner)


def _target(walk: Walk, callee: Value, node: s.Call, inner: Arguments) -> Value:
    for item in callee:
        if item.kind in (Kind.FUNCTION, Kind.METHOD):
            walk.trace.unseen.add(item.data[0])
            call_function(walk, item, node, inner, item.of[0] if item.kind is Kind.METHOD else None)
            walk.alive = True
    return UNKNOWN


def _autograd_backward(walk: Walk, node: s.Call, args: Arguments) -> Value:
    for item in deep(walk, args.get(0, "tensors")):
        walk.record(Backpropagated, node, item, Route.AUTOGRAD, roots(walk.heap.single(item)))
    return UNKNOWN


def _len(walk: Walk, node: s.Call, args: Arguments) -> Value:
    found: list[Object] = []
    for item in args.get(0):
        walk.record(Given, node, item, "len")
        if item.kind in (Kind.DATASET, Kind.LOADER):
            found.append(walk.heap.make(Kind.LENGTH, None, None, (item,), None, f"len({item.label})"))
    return frozenset(found) or computed(walk, args.all())


def _parser(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return walk.heap.value(Kind.OPTION, node, None, (), None, label="parser")


def _configuration(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """What is read from a file of settings."""
    return walk.heap.value(Kind.OPTION, node, None, (), None, label="config")


def _namespace(walk: Walk, node: s.Call, args: Arguments) -> Value:
    item = walk.heap.make(Kind.OPTION, node, walk.frame.context, (), None, "namespace")
    walk.variables.put(item, dict(args.named))
    return walk.heap.single(item)


def _dict(walk: Walk, node: s.Call, args: Arguments) -> Value:
    item = walk.heap.make(Kind.DICT, node, walk.frame.context)
    walk.variables.put(item, dict(args.named))
    for value in args.placed:
        for other in value:
            if other.kind is Kind.DICT:
                walk.variables.own(item).update(walk.variables.of(other))
    return walk.heap.single(item)


def _defaultdict(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """A dict whose missing entries are, as far as we care, lists."""
    item = walk.heap.make(Kind.DICT, node, walk.frame.context)
    held = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(held, {})
    walk.variables.put(item, {"*": walk.heap.single(held)})
    return walk.heap.single(item)


def save(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """Note what is written to a checkpoint."""
    for item in deep(walk, args.get(0, "obj")):
        walk.record(Saved, node, item)
    return UNKNOWN


SPECIAL: dict[str, Callable[[Walk, s.Call, Arguments], Value]] = {
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
