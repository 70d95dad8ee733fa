"""Functions that nobody visible calls, and decorators that may change what a call needs."""

from __future__ import annotations

import re

from migrator.roles.evaluate import evaluate
from migrator.roles.function import run
from migrator.roles.local_class import class_kind
from migrator.roles.role import UNKNOWN, Kind, Object, Value
from migrator.roles.state import Frame
from migrator.roles.walk import Walk
from migrator.source import syntax as s


def call_unseen(walk: Walk, item: Object) -> None:
    """Walk a function that nobody visible calls, with parameters of which nothing is known."""
    function, outer = item.data[0], item.data[1]
    walk.log.unseen.add(function)
    frame = Frame(function, outer.module, outer, None, None)
    walk.log.frames.setdefault(function, []).append(frame)
    names: dict[str, Value] = {}
    for param in function.params:
        names[param.name] = walk.heap.value(Kind.OPAQUE, param, None, (), "parameter", label=param.name)
    owner = function.parent.owner if isinstance(function, s.FunctionDef) else None
    if isinstance(owner, s.ClassDef) and function.params:
        names[function.params[0].name] = _some_instance(walk, owner)
    frame.given = dict(names)
    walk.variables.put(frame, names)
    caller, walk.frame = walk.frame, frame
    run(walk, function, frame)
    walk.frame, walk.alive = caller, True


def _some_instance(walk: Walk, node: s.ClassDef) -> Value:
    classes = [x for x in walk.heap.those(Kind.CLASS) if x.site is node]
    found = [x for x in walk.heap.those(Kind.INSTANCE, Kind.MODEL) if x.data in classes]
    if found:
        return frozenset(found)
    if not classes:
        return UNKNOWN
    kind = class_kind(walk, classes[0])
    made = kind if kind in (Kind.MODEL, Kind.DATASET) else Kind.INSTANCE
    return walk.heap.value(made, node, None, (), classes[0], label="self")


def decorated(walk: Walk, node: s.FunctionDef, item: Object) -> Value:
    """Give what a decorated definition binds: the function, for every decorator that we know or cannot see through."""
    for decorator in node.decorators:
        value = evaluate(walk, decorator)
        target = decorator.func if isinstance(decorator, s.Call) else decorator
        names = [x.data for x in walk.log.values.get(target, value) if x.kind is Kind.LIBRARY]
        if not names or not all(_TRANSPARENT.match(name) for name in names):
            walk.log.decorated[node] = ".".join(names) or "decorator"
    return walk.heap.single(item)


_TRANSPARENT = re.compile(
    r"torch\.(no_grad|inference_mode|enable_grad|jit\.\w+|compile|distributed\.elastic.*record|set_grad_enabled)|staticmethod|classmethod|property|"
    r"functools\.(wraps|lru_cache|cache)|contextlib\.\w+|abc\.\w+|typing\.\w+"
)
