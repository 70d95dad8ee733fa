"""The modules of a program, each executed once, and what import statements bind."""

from __future__ import annotations

from migrator.inference.assign import bind
from migrator.inference.execute import execute
from migrator.inference.interpreter import Executors, Walk
from migrator.inference.objects import NOTHING, Kind, Object, Value
from migrator.inference.state import Frame
from migrator.source import syntax as s
from migrator.source.module import Module


def run_module(walk: Walk, module: Module) -> Object:
    """Execute a module's body, once; give the module object."""
    if module in walk.modules:
        return _recall(walk, walk.modules[module])
    walk.impure += 1
    frame = Frame(module.root, module, None, None, None)
    frame.importer = walk.frame
    item = walk.heap.make(Kind.MODULE, None, data=frame, label=module.source.path)
    walk.modules[module] = item
    before = walk.variables.mark()
    outer, walk.frame, loop, walk.loop = walk.frame, frame, walk.loop, None
    walk.variables.put(frame, {})
    walk.trace.frames.setdefault(module.root, []).append(frame)
    execute(walk, module.root.body)
    walk.alive = True
    walk.frame, walk.loop = outer, loop
    walk.loaded[item] = walk.variables.added(before)
    return item


def _recall(walk: Walk, item: Object) -> Object:
    """Give a module that was executed before, perhaps in another branch that left its names behind."""
    if item.data not in walk.variables:
        for owner, names in walk.loaded.get(item, {}).items():
            if owner not in walk.variables:
                walk.variables.put(owner, dict(names))
    return item


def _import(walk: Walk, node: s.Import) -> None:
    for dotted, alias in node.names:
        module = walk.program.find(walk.frame.module, 0, dotted)
        if module is not None:
            item = run_module(walk, module)
            if alias or "." not in dotted:
                bind(walk, alias or dotted, walk.heap.single(item))
            else:
                _bind_package(walk, dotted, item)
        else:
            full = dotted if alias else dotted.partition(".")[0]
            _record_problem(walk, 0, dotted, alias or full)
            bind(walk, alias or full, walk.heap.value(Kind.LIBRARY, None, data=full, label=full))


def _bind_package(walk: Walk, dotted: str, item: Object) -> None:
    """``import a.b.c`` binds ``a``: a package through which ``c`` is reached."""
    first, *rest = dotted.split(".")
    known = [x for x in walk.variables.of(walk.frame).get(first, NOTHING) if x.kind in (Kind.MODULE, Kind.INSTANCE)]
    owner = known[0] if known else walk.heap.make(Kind.INSTANCE, None, data=None, label=first)
    bind(walk, first, walk.heap.single(owner))
    for part in rest[:-1]:
        own = walk.variables.own(owner.data if owner.kind is Kind.MODULE else owner)
        inner = [x for x in own.get(part, NOTHING) if x.kind in (Kind.MODULE, Kind.INSTANCE)]
        owner = inner[0] if inner else walk.heap.make(Kind.INSTANCE, None, of=(owner,), label=part)
        own[part] = walk.heap.single(owner)
    place = owner.data if owner.kind is Kind.MODULE else owner
    walk.variables.own(place)[rest[-1]] = walk.heap.single(item)


def _import_from(walk: Walk, node: s.ImportFrom) -> None:
    here = walk.frame.module
    module = walk.program.find(here, node.level, node.module)
    source = walk.variables.of(run_module(walk, module).data) if module is not None else {}
    if node.names is None:
        walk.variables.own(walk.frame).update(
            (name, value) for name, value in source.items() if not name.startswith("_")
        )
        return
    for name, alias in node.names:
        bind(
            walk, alias or name, source[name] if name in source else _imported(walk, node, module, name, alias or name)
        )


def _imported(walk: Walk, node: s.ImportFrom, module: Module | None, name: str, bound: str) -> Value:
    """Give what ``from module import name`` binds where the module's own names do not say."""
    here = walk.frame.module
    dotted = f"{node.module}.{name}" if node.module else name
    inner = walk.program.find(here, node.level, dotted)
    if inner is not None:
        return walk.heap.single(run_module(walk, inner))
    _record_problem(walk, node.level, node.module if module is None else dotted, bound)
    if node.level or module is not None:
        return walk.heap.value(Kind.OPAQUE, None, None, (), ("name", id(here), bound), label=bound)
    full = f"{node.module}.{name}"
    return walk.heap.value(Kind.LIBRARY, None, data=full, label=full)


def _record_problem(walk: Walk, level: int, dotted: str, bound: str) -> None:
    """Remember a name that stands for something in a file that could not be read."""
    problem = walk.program.problem(walk.frame.module, level, dotted)
    if problem is not None:
        walk.trace.unread[walk.frame.module, bound] = problem


EXECUTORS: Executors = {
    s.Import: _import,
    s.ImportFrom: _import_from,
}
