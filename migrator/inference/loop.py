"""Loops and comprehensions: what each turn draws, which turns are told apart, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable

from migrator.inference.assign import assign
from migrator.inference.element import batches, element, index_key, sequence
from migrator.inference.evaluate import evaluate, record_store
from migrator.inference.execute import branch, execute, go_on
from migrator.inference.interpreter import Evaluators, Executors, Interpreter
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.state import Loop, Turn
from migrator.inference.trace import Iterated
from migrator.inference.variables import Variables, merge
from migrator.source import syntax as s

_UNROLL = 4  # a loop over this many literals or objects is walked once for each of them


def _for(interpreter: Interpreter, node: s.For) -> None:
    source = evaluate(interpreter, node.iter)
    turns = each(interpreter, source)
    if turns is not None:
        _unrolled(interpreter, node, turns)
    else:
        _repeat(interpreter, node, lambda: assign(interpreter, node.target, iterate(interpreter, node.iter, source)))
    if interpreter.alive and node.orelse is not None:
        execute(interpreter, node.orelse)


def _while(interpreter: Interpreter, node: s.While) -> None:
    def test() -> None:
        evaluate(interpreter, node.test)

    _repeat(interpreter, node, test)
    if isinstance(node.test, s.Literal) and node.test.value:
        return  # left by a break only, which _repeat has seen to
    if interpreter.alive and node.orelse is not None:
        execute(interpreter, node.orelse)


def _repeat(interpreter: Interpreter, node: s.For | s.While, start: Callable[[], None]) -> None:
    """Walk a loop's body until another turn would find nothing new."""
    endless = isinstance(node, s.While) and isinstance(node.test, s.Literal) and bool(node.test.value)
    outer = interpreter.loop
    missed, interpreter.missed = interpreter.missed, False
    head = interpreter.variables
    for _ in range(3):
        loop = interpreter.loop = Loop(node, outer, interpreter.frame)
        interpreter.variables, interpreter.alive = head.copy(), True
        start()
        behind = branch(interpreter, node.body, interpreter.variables)
        for variables in loop.continues:
            behind = merge(behind, variables)
        again = behind is not None and (head.tells(behind) or interpreter.missed)
        after = None if endless else (merge(head.copy(), behind) if again else merge(behind, head))
        for variables in loop.breaks:
            after = merge(after, variables)
        if not again:
            break
        interpreter.missed = False
        head = merge(head, behind) or head
    interpreter.loop, interpreter.missed = outer, missed or interpreter.missed
    go_on(interpreter, after)


def _unrolled(interpreter: Interpreter, node: s.For, turns: list[Value]) -> None:
    outer, context = interpreter.loop, interpreter.frame.context
    left: Variables | None = None
    for number, turn in enumerate(turns):
        interpreter.frame.context = (*context, Turn(node, number))
        loop = interpreter.loop = Loop(node, outer, interpreter.frame)
        iterate(interpreter, node.iter, turn)
        assign(interpreter, node.target, turn)
        behind = branch(interpreter, node.body, interpreter.variables)
        for variables in loop.continues:
            behind = merge(behind, variables)
        for variables in loop.breaks:
            left = merge(left, variables.copy())
        go_on(interpreter, behind)
        if not interpreter.alive:
            break
    interpreter.loop, interpreter.frame.context = outer, context
    go_on(interpreter, merge(left, interpreter.variables if interpreter.alive else None))


# ---------------------------------------------------------------- turns


def each(interpreter: Interpreter, source: Value) -> list[Value] | None:
    """Give the turns of a loop over a few literals or objects that must be told apart; None for any other loop."""
    if len(source) != 1:
        return None
    (item,) = source
    if item.kind is Kind.ITERATOR and item.data[0] == "items":
        own = interpreter.variables.of(item.of[0])
        if 0 < len(own) <= _UNROLL and "*" not in own:
            return [sequence(interpreter, item.site, (_settled(interpreter, name), own[name]), name) for name in own]
        return None
    if item.kind is not Kind.SEQUENCE:
        return None
    own = interpreter.variables.of(item)
    if not 0 < len(own) <= _UNROLL or "*" in own:
        return None
    values = list(own.values())
    if all(_tells_apart(interpreter, value) for value in values):
        return [frozenset(_settle(interpreter, x) for x in value) for value in values]
    return None


def _tells_apart(interpreter: Interpreter, value: Value) -> bool:
    if len(value) != 1:
        return False
    (item,) = value
    if item.kind is Kind.CONSTANT:
        return item.data[0] in ("str", "bool")
    if item.kind is Kind.SEQUENCE:
        return any(_tells_apart(interpreter, inner) for inner in interpreter.variables.of(item).values())
    return item.kind in (Kind.LOADER, Kind.DATASET, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.MODEL)


def _settle(interpreter: Interpreter, item: Object) -> Object:
    if item.kind is Kind.CONSTANT:
        return interpreter.heap.make(Kind.CONSTANT, None, "settled", (), item.data, item.label)
    if item.kind is Kind.SEQUENCE:
        own = interpreter.variables.own(item)
        for name, value in own.items():
            own[name] = frozenset(_settle(interpreter, x) for x in value)
    return item


def _settled(interpreter: Interpreter, text: str) -> Value:
    return interpreter.heap.value(Kind.CONSTANT, None, "settled", (), ("str", text), text)


def iterate(interpreter: Interpreter, node: s.Expression, source: Value) -> Value:
    """Give an element of an iterable, and note which loaders a batch is drawn from."""
    value = element(interpreter, source)
    for batch in batches(interpreter, value):
        interpreter.record(Iterated, node, batch.of[0], batch)
    return value


# ---------------------------------------------------------------- comprehensions


def _comprehension(interpreter: Interpreter, node: s.Comprehension) -> Value:
    before = interpreter.variables.of(interpreter.frame)
    hidden = {name: before.get(name) for name in node.namespace.bound}
    held, exact = _comprehend(interpreter, node)
    names = interpreter.variables.own(interpreter.frame)
    for name, value in hidden.items():
        if value is None:
            names.pop(name, None)
        else:
            names[name] = value
    if node.kind == "generator" and not exact:
        return interpreter.heap.value(Kind.ITERATOR, node, interpreter.frame.context, (), ("same", held))
    item = interpreter.heap.make(Kind.DICT if node.kind == "dict" else Kind.SEQUENCE, node, interpreter.frame.context)
    interpreter.variables.put(item, exact or {"*": held})
    for key, value in exact.items():
        record_store(interpreter, node.value, value, item, key)
    return interpreter.heap.single(item)


def _comprehend(interpreter: Interpreter, node: s.Comprehension) -> tuple[Value, dict[str, Value]]:
    """Walk a comprehension; its element, and where its turns can be told apart what each key or index holds."""
    first = node.generators[0]
    source = evaluate(interpreter, first.iter)
    turns = each(interpreter, source) if len(node.generators) == 1 and not first.tests else None
    exact: dict[str, Value] = {}
    held: Value = NOTHING
    context = interpreter.frame.context
    for number, turn in enumerate(turns or [iterate(interpreter, first.iter, source)]):
        if turns:
            interpreter.frame.context = (*context, Turn(node, number))
        assign(interpreter, first.target, turn)
        for test in first.tests:
            evaluate(interpreter, test)
        for part in node.generators[1:]:
            assign(interpreter, part.target, iterate(interpreter, part.iter, evaluate(interpreter, part.iter)))
            for test in part.tests:
                evaluate(interpreter, test)
        keys = [index_key(x) for x in evaluate(interpreter, node.key)] if node.key is not None else [str(number)]
        value = evaluate(interpreter, node.value)
        if turns and len(keys) == 1 and keys[0] is not None:
            exact[keys[0]] = value
        held = join(held, value) if held else value
    interpreter.frame.context = context
    return held or UNKNOWN, exact if turns and len(exact) == len(turns) else {}


EVALUATORS: Evaluators = {
    s.Comprehension: _comprehension,
}


EXECUTORS: Executors = {
    s.For: _for,
    s.While: _while,
}
