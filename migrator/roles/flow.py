"""Execute statements abstractly: every path, in order, with calls followed to their bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.roles import call as calls
from migrator.roles.element import batches, copy_into, deep, element, roots, sequence
from migrator.roles.evaluate import evaluate, lookup, note_store
from migrator.roles.local_class import class_member
from migrator.roles.role import INERT, NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.roles.state import Frame, Loop, Turn, Variables, merge
from migrator.roles.truth import truth_of
from migrator.roles.unseen import call_unseen, decorated
from migrator.roles.walk import Walk
from migrator.source import syntax as s
from migrator.source.module import Module

_Executor = Callable[[Walk, Any], None]
_EXECUTORS: dict[type, _Executor] = {}
_UNROLL = 4  # a loop over this many literals or objects is walked once for each of them


def walk_program(
    program: Any, gaps: dict[Any, dict[int, list[Any]]] | None = None, inlines: frozenset[Any] = frozenset()
) -> Walk:
    """Walk a program from its entry, then whatever the entry does not reach.

    Args: gaps: block -> index -> targets (expressions) that are pretended to be prepared before that statement.
          inlines: calls whose results are pretended to be prepared on the spot.
    """
    walk = Walk(program, gaps, inlines)
    walk.call = lambda node: _call(walk, node)
    walk.invoke = lambda item, node, args: calls.call_object(walk, item, node, args)
    walk.execute = lambda block: execute(walk, block)
    walk.assign = lambda target, value: assign(walk, target, value)
    walk.iterate = lambda node, value: iterate(walk, node, value)
    walk.each = lambda value: each(walk, value)
    walk.class_member = lambda *args: class_member(walk, *args)
    run_module(walk, program.entry)
    _walk_the_rest(walk)
    return walk


def _call(walk: Walk, node: s.Call) -> Value:
    value = calls.call(walk, node)
    return frozenset(walk.heap.prepare(item) for item in value) if node in walk.inlines else value


def run_module(walk: Walk, module: Module) -> Object:
    """Execute a module's body, once; give the module object."""
    if module in walk.modules:
        return _recall(walk, walk.modules[module])
    frame = Frame(module.root, module, None, None, None)
    item = walk.heap.make(Kind.MODULE, None, data=frame, label=module.source.path)
    walk.modules[module] = item
    before = set(walk.variables.names)
    outer, walk.frame, loop, walk.loop = walk.frame, frame, walk.loop, None
    walk.variables.put(frame, {})
    walk.log.frames.setdefault(module.root, []).append(frame)
    execute(walk, module.root.body)
    walk.alive = True
    walk.frame, walk.loop = outer, loop
    walk.loaded[item] = {x: names for x, names in walk.variables.copy().names.items() if x not in before}
    return item


def _recall(walk: Walk, item: Object) -> Object:
    """Give a module that was executed before, perhaps in another branch that left its names behind."""
    if item.data not in walk.variables:
        for owner, names in walk.loaded.get(item, {}).items():
            if owner not in walk.variables:
                walk.variables.put(owner, dict(names))
    return item


def _walk_the_rest(walk: Walk) -> None:
    """Walk the branches that no settled condition took, and the functions that nobody calls."""
    while True:
        todo = [block for block in walk.pruned if block not in walk.visited]
        if not todo:
            break
        for block in todo:
            walk.variables, walk.frame, walk.loop = walk.pruned.pop(block)
            walk.alive = True
            execute(walk, block)
    built: dict[Any, Variables] = {}  # by class: what the attributes of its instances are behind its constructor
    for module in list(walk.modules):
        for function in module.nodes(s.FunctionDef):
            if function.body not in walk.visited and function in walk.defined:
                item, variables = walk.defined[function]
                variables = built.get(function.block.owner, variables)
                walk.variables, walk.alive, walk.loop = variables.copy(), True, None
                call_unseen(walk, item)
                if function.name == "__init__":
                    built[function.block.owner] = walk.variables.copy()


# ---------------------------------------------------------------- blocks


def execute(walk: Walk, block: s.Block) -> None:
    """Execute a block's statements until one leaves it."""
    walk.visited.add(block)
    gaps = walk.gaps.get(block)
    for index, statement in enumerate(block.statements):
        if gaps is not None and index in gaps:
            _prepare(walk, gaps[index])
        walk.steps += 1
        _EXECUTORS[statement.__class__](walk, statement)
        if not walk.alive:
            return
    if gaps is not None and len(block.statements) in gaps:
        _prepare(walk, gaps[len(block.statements)])


def _prepare(walk: Walk, targets: list[Any]) -> None:
    for target in targets:
        value = evaluate(walk, target)
        walk.assign(target, frozenset(walk.heap.prepare(item) for item in value))


def _branch(walk: Walk, block: s.Block | None, variables: Variables) -> Variables | None:
    """Execute a block from given variables; what they are behind it, None where it does not end."""
    walk.variables, walk.alive = variables, True
    if block is not None:
        execute(walk, block)
    return walk.variables if walk.alive else None


def _go_on(walk: Walk, variables: Variables | None) -> None:
    walk.alive = variables is not None
    if variables is not None:
        walk.variables = variables


# ---------------------------------------------------------------- assignment


def assign(walk: Walk, target: Any, value: Value) -> None:
    """Bind a target to a value."""
    kind = target.__class__
    if kind is s.Name:
        _assign_name(walk, target, value)
    elif kind is s.Attribute:
        _assign_attribute(walk, target, value)
    elif kind is s.Collection:
        _unpack(walk, target, value)
    elif kind is s.Subscript:
        _assign_item(walk, target, value)
    elif kind is s.Starred:
        assign(walk, target.value, sequence(walk, target, [element(walk, value)]))


def _assign_name(walk: Walk, target: s.Name, value: Value) -> None:
    frame = walk.frame
    scope = frame.node.namespace
    if target.id in scope.globals:
        while frame.outer is not None:
            frame = frame.outer
    elif target.id in scope.nonlocals:
        frame = frame.outer or frame
        while frame.outer is not None and target.id not in frame.node.namespace.bound:
            frame = frame.outer
    walk.variables.own(frame)[target.id] = value
    walk.log.values[target] = join(walk.log.values[target], value) if target in walk.log.values else value
    note_store(walk, target, value, (frame, target.id))


def _assign_attribute(walk: Walk, target: s.Attribute, value: Value) -> None:
    owners = evaluate(walk, target.value)
    for owner in owners:
        place = owner.data if owner.kind is Kind.MODULE else owner
        names = walk.variables.own(place)
        known = names.get(target.name)
        names[target.name] = value if len(owners) == 1 or known is None else join(known, value)
        if owner.kind in (Kind.MODEL, Kind.OPAQUE):
            walk.note("assign attribute", target, owner, target.name)
        note_store(walk, target, value, (owner, target.name))
    walk.log.values[target] = join(walk.log.values[target], value) if target in walk.log.values else value


def _assign_item(walk: Walk, target: s.Subscript, value: Value) -> None:
    index = [evaluate(walk, part) for part in target.index]
    for owner in evaluate(walk, target.value):
        if owner.kind in (Kind.SEQUENCE, Kind.DICT):
            names = walk.variables.own(owner)
            keys = [x.label for x in index[0] if x.kind is Kind.CONSTANT] if len(index) == 1 else []
            if len(keys) == 1 and len(index[0]) == 1:
                names[keys[0]] = value
                note_store(walk, target, value, (owner, keys[0]))
            else:
                names["*"] = join(names["*"], value) if "*" in names else value
                note_store(walk, target, value, (owner, "*"))
        elif owner.kind is Kind.FRESH:
            copy_into(walk, owner, value)
        elif owner.kind in (Kind.OPAQUE, Kind.OPTION):
            note_store(walk, target, value, (owner, "*"))


def _unpack(walk: Walk, target: s.Collection, value: Value) -> None:
    parts = [unpacked(walk, value, index, len(target.items)) for index in range(len(target.items))]
    for item, part in zip(target.items, parts, strict=True):
        assign(walk, item, part)


def unpacked(walk: Walk, value: Value, index: int, count: int) -> Value:
    """Give element ``index`` of a value that is unpacked into ``count`` names."""
    found: Value = NOTHING
    for item in value:
        part: Value
        if item.kind is Kind.SEQUENCE:
            own = walk.variables.of(item)
            part = own.get(str(index), NOTHING) or own.get("*", UNKNOWN)
        elif item.kind in (Kind.OPAQUE, Kind.OPTION):
            label = f"{item.label}[{index}]"
            part = walk.heap.value(item.kind, item.site, item.context, (item,), ("item", index), label=label)
        elif item.kind in (Kind.BATCH, Kind.TENSOR):
            part = walk.heap.single(item)
        elif item.kind is Kind.DATASET:
            part = walk.heap.value(
                Kind.DATASET, item.site, item.context, (item,), index, label=f"{item.label}[{index}]"
            )
        else:
            part = element(walk, walk.heap.single(item))
        found = join(found, part) if found else part
    return found or UNKNOWN


# ---------------------------------------------------------------- small statements


def _executor(*kinds: type) -> Callable[[_Executor], _Executor]:
    def register(function: _Executor) -> _Executor:
        for kind in kinds:
            _EXECUTORS[kind] = function
        return function

    return register


@_executor(s.Assign)
def _assign(walk: Walk, node: s.Assign) -> None:
    value = evaluate(walk, node.value)
    for target in node.targets:
        if target.__class__ is s.Collection and node.value.__class__ is s.Collection:
            if len(target.items) == len(node.value.items) and not any(
                isinstance(x, s.Starred) for x in node.value.items
            ):
                for item, part in zip(target.items, [walk.log.values[x] for x in node.value.items], strict=True):
                    assign(walk, item, part)  # a, b = b, a: the right side was evaluated as a whole
                continue
        assign(walk, target, value)


@_executor(s.Augment)
def _augment(walk: Walk, node: s.Augment) -> None:
    old, value = _current(walk, node.target), evaluate(walk, node.value)
    lists = [x for x in old if x.kind is Kind.SEQUENCE]
    if lists and node.operator == "Add":
        for item in lists:
            own = walk.variables.own(item)
            held = element(walk, value)
            own["*"] = join(own["*"], held) if "*" in own else held
        return
    found = roots(deep(walk, old)) | roots(deep(walk, value)) if (old, value) != (UNKNOWN, UNKNOWN) else frozenset()
    assign(walk, node.target, walk.heap.tensor(found))


def _current(walk: Walk, target: Any) -> Value:
    if isinstance(target, s.Name):
        return lookup(walk, target.id)
    return evaluate(walk, target)


@_executor(s.Annotate)
def _annotate(walk: Walk, node: s.Annotate) -> None:
    if node.value is not None:
        assign(walk, node.target, evaluate(walk, node.value))


@_executor(s.Evaluate)
def _evaluate_statement(walk: Walk, node: s.Evaluate) -> None:
    value = evaluate(walk, node.value)
    if any(item.kind is Kind.CONSTANT and item.data == ("exit", True) for item in value):
        walk.alive = False


@_executor(s.Return)
def _return(walk: Walk, node: s.Return) -> None:
    value = evaluate(walk, node.value) if node.value is not None else walk.none
    walk.frame.returns.append((value, walk.variables))
    walk.alive = False


@_executor(s.Raise)
def _raise(walk: Walk, node: s.Raise) -> None:
    for value in node.values:
        evaluate(walk, value)
    walk.alive = False


@_executor(s.Assert)
def _assert(walk: Walk, node: s.Assert) -> None:
    for value in node.values:
        evaluate(walk, value)


@_executor(s.Delete)
def _delete(walk: Walk, node: s.Delete) -> None:
    for target in node.targets:
        if isinstance(target, s.Name):
            walk.variables.of(walk.frame).pop(target.id, None)
        else:
            evaluate(walk, target)


@_executor(s.Jump)
def _jump(walk: Walk, node: s.Jump) -> None:
    if node.word == "pass":
        return
    walk.alive = False
    if walk.loop is not None and walk.loop.frame is walk.frame:
        (walk.loop.breaks if node.word == "break" else walk.loop.continues).append(walk.variables)


@_executor(s.Declare)
def _declare(walk: Walk, node: s.Declare) -> None:
    """The scope knows already."""


@_executor(s.Import)
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
            bind(walk, alias or full, walk.heap.value(Kind.LIBRARY, None, data=full, label=full))


def bind(walk: Walk, name: str, value: Value) -> None:
    """Bind a name in the current frame."""
    walk.variables.own(walk.frame)[name] = value


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


@_executor(s.ImportFrom)
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
    inner = walk.program.find(here, node.level, f"{node.module}.{name}" if node.module else name)
    if inner is not None:
        return walk.heap.single(run_module(walk, inner))
    if node.level or module is not None:
        return walk.heap.value(Kind.OPAQUE, None, None, (), ("name", id(here), bound), label=bound)
    full = f"{node.module}.{name}"
    return walk.heap.value(Kind.LIBRARY, None, data=full, label=full)


# ---------------------------------------------------------------- compound statements


@_executor(s.If)
def _if(walk: Walk, node: s.If) -> None:
    truth = truth_of(evaluate(walk, node.test))
    before = walk.variables
    if truth is None:
        after = _branch(walk, node.body, before.copy())
        _go_on(walk, merge(after, _branch(walk, node.orelse, before)))
        return
    taken, left = (node.body, node.orelse) if truth else (node.orelse, node.body)
    if left is not None and left not in walk.visited and not asks_for_main(node.test):
        walk.pruned.setdefault(left, (before.copy(), walk.frame, walk.loop))
    _go_on(walk, _branch(walk, taken, before))


def asks_for_main(test: Any) -> bool:
    """Whether a condition is `__name__ == "__main__"`, which settles for good what an imported module does not do."""
    return any(isinstance(x, s.Name) and x.id == "__name__" for x in test.walk())


@_executor(s.For)
def _for(walk: Walk, node: s.For) -> None:
    source = evaluate(walk, node.iter)
    turns = each(walk, source)
    if turns is not None:
        _unrolled(walk, node, turns)
    else:
        _repeat(walk, node, lambda: assign(walk, node.target, iterate(walk, node.iter, source)))
    if walk.alive and node.orelse is not None:
        execute(walk, node.orelse)


@_executor(s.While)
def _while(walk: Walk, node: s.While) -> None:
    def test() -> None:
        evaluate(walk, node.test)

    _repeat(walk, node, test)
    if isinstance(node.test, s.Literal) and node.test.value:
        return  # left by a break only, which _repeat has seen to
    if walk.alive and node.orelse is not None:
        execute(walk, node.orelse)


def _repeat(walk: Walk, node: Any, start: Callable[[], None]) -> None:
    """Walk a loop's body until another turn would find nothing new."""
    endless = isinstance(node, s.While) and isinstance(node.test, s.Literal) and bool(node.test.value)
    outer = walk.loop
    missed, walk.missed = walk.missed, False
    head = walk.variables
    for _ in range(3):
        loop = walk.loop = Loop(node, outer, walk.frame)
        walk.variables, walk.alive = head.copy(), True
        start()
        behind = _branch(walk, node.body, walk.variables)
        for variables in loop.continues:
            behind = merge(behind, variables)
        again = behind is not None and (_changed(head, behind) or walk.missed)
        after = None if endless else (merge(head.copy(), behind) if again else merge(behind, head))
        for variables in loop.breaks:
            after = merge(after, variables)
        if not again:
            break
        walk.missed = False
        head = merge(head, behind) or head
    walk.loop, walk.missed = outer, missed or walk.missed
    _go_on(walk, after)


def _changed(head: Variables, behind: Variables) -> bool:
    """Whether a turn left something behind that the next turn could see and that decides anything."""
    for owner, names in head.names.items():
        new = behind.names.get(owner)
        if new is None or new is names:
            continue
        for name, value in names.items():
            other = new.get(name)
            if other is not value and other is not None and any(x.kind not in INERT for x in other - value):
                return True
    return False


def _unrolled(walk: Walk, node: s.For, turns: list[Value]) -> None:
    outer, context = walk.loop, walk.frame.context
    left: Variables | None = None
    for number, turn in enumerate(turns):
        walk.frame.context = (*context, Turn(node, number))
        loop = walk.loop = Loop(node, outer, walk.frame)
        iterate(walk, node.iter, turn)
        assign(walk, node.target, turn)
        behind = _branch(walk, node.body, walk.variables)
        for variables in loop.continues:
            behind = merge(behind, variables)
        for variables in loop.breaks:
            left = merge(left, variables.copy())
        _go_on(walk, behind)
        if not walk.alive:
            break
    walk.loop, walk.frame.context = outer, context
    _go_on(walk, merge(left, walk.variables if walk.alive else None))


def each(walk: Walk, source: Value) -> list[Value] | None:
    """Give the turns of a loop over a few literals or objects that must be told apart; None for any other loop."""
    if len(source) != 1:
        return None
    (item,) = source
    if item.kind is Kind.ITERATOR and item.data[0] == "items":
        own = walk.variables.of(item.of[0])
        if 0 < len(own) <= _UNROLL and "*" not in own:
            return [sequence(walk, item.site, (_settled(walk, name), own[name]), name) for name in own]
        return None
    if item.kind is not Kind.SEQUENCE:
        return None
    own = walk.variables.of(item)
    if not 0 < len(own) <= _UNROLL or "*" in own:
        return None
    values = list(own.values())
    if all(_tells_apart(walk, value) for value in values):
        return [frozenset(_settle(walk, x) for x in value) for value in values]
    return None


def _tells_apart(walk: Walk, value: Value) -> bool:
    if len(value) != 1:
        return False
    (item,) = value
    if item.kind is Kind.CONSTANT:
        return item.data[0] in ("str", "bool")
    if item.kind is Kind.SEQUENCE:
        return any(_tells_apart(walk, inner) for inner in walk.variables.of(item).values())
    return item.kind in (Kind.LOADER, Kind.DATASET, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.MODEL)


def _settle(walk: Walk, item: Object) -> Object:
    if item.kind is Kind.CONSTANT:
        return walk.heap.make(Kind.CONSTANT, None, "settled", (), item.data, item.label)
    if item.kind is Kind.SEQUENCE:
        own = walk.variables.of(item)
        for name, value in own.items():
            own[name] = frozenset(_settle(walk, x) for x in value)
    return item


def _settled(walk: Walk, text: str) -> Value:
    return walk.heap.value(Kind.CONSTANT, None, "settled", (), ("str", text), text)


def iterate(walk: Walk, node: Any, source: Value) -> Value:
    """Give an element of an iterable, and note which loaders a batch is drawn from."""
    value = element(walk, source)
    for batch in batches(walk, value):
        walk.note("iterate", node, batch.of[0], batch)
    return value


@_executor(s.With)
def _with(walk: Walk, node: s.With) -> None:
    for item in node.items:
        value = evaluate(walk, item.value)
        if item.target is not None:
            assign(walk, item.target, value)
    execute(walk, node.body)


@_executor(s.Try)
def _try(walk: Walk, node: s.Try) -> None:
    before = walk.variables.copy()
    behind = _branch(walk, node.body, walk.variables)
    interrupted = merge(before, behind.copy() if behind is not None else None)
    assert interrupted is not None
    if behind is not None and node.orelse is not None:
        behind = _branch(walk, node.orelse, behind)
    for handler in node.handlers:
        walk.variables, walk.alive = interrupted.copy(), True
        if handler.type is not None:
            evaluate(walk, handler.type)
        if handler.name is not None:
            assign(walk, handler.name, UNKNOWN)
        behind = merge(behind, _branch(walk, handler.body, walk.variables))
    if node.final is not None:
        ended = behind is None
        behind = _branch(walk, node.final, interrupted if behind is None else behind)
        behind = None if ended else behind
    _go_on(walk, behind)


@_executor(s.Match)
def _match(walk: Walk, node: s.Match) -> None:
    evaluate(walk, node.subject)
    before, behind = walk.variables, None
    for case in node.cases:
        walk.variables, walk.alive = before.copy(), True
        for name in case.names:
            assign(walk, name, UNKNOWN)
        for value in case.values:
            evaluate(walk, value)
        if case.guard is not None:
            evaluate(walk, case.guard)
        behind = merge(behind, _branch(walk, case.body, walk.variables))
    _go_on(walk, merge(behind, before))


@_executor(s.FunctionDef)
def _function(walk: Walk, node: s.FunctionDef) -> None:
    for param in node.params:
        if param.default is not None:
            walk.defaults[param] = evaluate(walk, param.default)
    item = walk.heap.make(Kind.FUNCTION, node, walk.frame.context, (), (node, _visible(walk)), node.name)
    value = decorated(walk, node, item)
    bind(walk, node.name, value)
    walk.defined[node] = (item, walk.variables)


def _visible(walk: Walk) -> Frame:
    """The frame whose names a function defined here sees: class bodies are passed over."""
    frame = walk.frame
    while isinstance(frame.node, s.ClassDef) and frame.outer is not None:
        frame = frame.outer
    return frame


@_executor(s.ClassDef)
def _class(walk: Walk, node: s.ClassDef) -> None:
    bases = tuple(evaluate(walk, base) for base in node.bases)
    frame = Frame(node, walk.frame.module, walk.frame, walk.frame, None)
    frame.context = walk.frame.context
    item = walk.heap.make(Kind.CLASS, node, walk.frame.context, (), (node, _visible(walk), bases), node.name)
    bind(walk, node.name, walk.heap.single(item))
    outer, walk.frame = walk.frame, frame
    walk.variables.put(frame, {})
    execute(walk, node.body)
    walk.frame = outer
    walk.variables.put(item, dict(walk.variables.of(frame)))
    walk.variables.drop(frame)
    for decorator in node.decorators:
        evaluate(walk, decorator)
