"""The modules of a program, each executed once, and what import statements bind."""

from __future__ import annotations

from migrator.inference.assign import bind
from migrator.inference.execute import execute
from migrator.inference.interpreter import Executors, Interpreter
from migrator.inference.objects import NOTHING, Kind, Object, Value
from migrator.inference.state import Frame
from migrator.source import syntax as s
from migrator.source.module import Module


def run_module(interpreter: Interpreter, module: Module) -> Object:
    """Execute a module's body, once; give the module object."""
    if module in interpreter.modules:
        return _recall(interpreter, interpreter.modules[module])
    interpreter.impure += 1
    frame = Frame(module.root, module, None, None, None)
    frame.importer = interpreter.frame
    item = interpreter.heap.make(Kind.MODULE, None, data=frame, label=module.source.path)
    interpreter.modules[module] = item
    before = interpreter.variables.mark()
    outer, interpreter.frame, loop, interpreter.loop = interpreter.frame, frame, interpreter.loop, None
    interpreter.variables.put(frame, {})
    interpreter.trace.frames.setdefault(module.root, []).append(frame)
    execute(interpreter, module.root.body)
    interpreter.alive = True
    interpreter.frame, interpreter.loop = outer, loop
    interpreter.loaded[item] = interpreter.variables.added(before)
    return item


def _recall(interpreter: Interpreter, item: Object) -> Object:
    """Give a module that was executed before, perhaps in another branch that left its names behind."""
    if item.data not in interpreter.variables:
        for owner, names in interpreter.loaded.get(item, {}).items():
            if owner not in interpreter.variables:
                interpreter.variables.put(owner, dict(names))
    return item


def _import(interpreter: Interpreter, node: s.Import) -> None:
    for dotted, alias in node.names:
        module = interpreter.program.find(interpreter.frame.module, 0, dotted)
        if module is not None:
            item = run_module(interpreter, module)
            if alias or "." not in dotted:
                bind(interpreter, alias or dotted, interpreter.heap.single(item))
            else:
                _bind_package(interpreter, dotted, item)
        else:
            full = dotted if alias else dotted.partition(".")[0]
            _record_problem(interpreter, 0, dotted, alias or full)
            bind(interpreter, alias or full, interpreter.heap.value(Kind.LIBRARY, None, data=full, label=full))


def _bind_package(interpreter: Interpreter, dotted: str, item: Object) -> None:
    """``import a.b.c`` binds ``a``: a package through which ``c`` is reached."""
    first, *rest = dotted.split(".")
    known = [
        x
        for x in interpreter.variables.of(interpreter.frame).get(first, NOTHING)
        if x.kind in (Kind.MODULE, Kind.INSTANCE)
    ]
    owner = known[0] if known else interpreter.heap.make(Kind.INSTANCE, None, data=None, label=first)
    bind(interpreter, first, interpreter.heap.single(owner))
    for part in rest[:-1]:
        own = interpreter.variables.own(owner.data if owner.kind is Kind.MODULE else owner)
        inner = [x for x in own.get(part, NOTHING) if x.kind in (Kind.MODULE, Kind.INSTANCE)]
        owner = inner[0] if inner else interpreter.heap.make(Kind.INSTANCE, None, of=(owner,), label=part)
        own[part] = interpreter.heap.single(owner)
    place = owner.data if owner.kind is Kind.MODULE else owner
    interpreter.variables.own(place)[rest[-1]] = interpreter.heap.single(item)


def _import_from(interpreter: Interpreter, node: s.ImportFrom) -> None:
    here = interpreter.frame.module
    module = interpreter.program.find(here, node.level, node.module)
    source = interpreter.variables.of(run_module(interpreter, module).data) if module is not None else {}
    if node.names is None:
        interpreter.variables.own(interpreter.frame).update(
            (name, value) for name, value in source.items() if not name.startswith("_")
        )
        return
    for name, alias in node.names:
        bind(
            interpreter,
            alias or name,
            source[name] if name in source else _imported(interpreter, node, module, name, alias or name),
        )


def _imported(interpreter: Interpreter, node: s.ImportFrom, module: Module | None, name: str, bound: str) -> Value:
    """Give what ``from module import name`` binds where the module's own names do not say."""
    here = interpreter.frame.module
    dotted = f"{node.module}.{name}" if node.module else name
    inner = interpreter.program.find(here, node.level, dotted)
    if inner is not None:
        return interpreter.heap.single(run_module(interpreter, inner))
    _record_problem(interpreter, node.level, node.module if module is None else dotted, bound)
    if node.level or module is not None:
        return interpreter.heap.value(Kind.OPAQUE, None, None, (), ("name", id(here), bound), label=bound)
    full = f"{node.module}.{name}"
    return interpreter.heap.value(Kind.LIBRARY, None, data=full, label=full)


def _record_problem(interpreter: Interpreter, level: int, dotted: str, bound: str) -> None:
    """Remember a name that stands for something in a file that could not be read."""
    problem = interpreter.program.problem(interpreter.frame.module, level, dotted)
    if problem is not None:
        interpreter.trace.unread[interpreter.frame.module, bound] = problem


EXECUTORS: Executors = {
    s.Import: _import,
    s.ImportFrom: _import_from,
}
