"""Loops and comprehensions: what each turn draws, which turns are told apart, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.inference.assign import assign
from migrator.inference.element import batches, element, index_key, sequence
from migrator.inference.evaluate import evaluate, record_store
from migrator.inference.execute import branch, execute, go_on
from migrator.inference.interpreter import Evaluators, Executors, Walk
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.state import Loop, Turn
from migrator.inference.trace import Iterated
from migrator.inference.variables import Variables, merge
from migrator.source import syntax as s

_UNROLL = 4  # a loop over this many literals or objects is walked once for each of them


def _for(walk: Walk, node: s.For) -> None:
    source = evaluate(walk, node.iter)
    turns = each(walk, source)
    if turns is not None:
        _unrolled(walk, node, turns)
    else:
        _repeat(walk, node, lambda: assign(walk, node.target, iterate(walk, node.iter, source)))
    if walk.alive and node.orelse is not None:
        execute(walk, node.orelse)


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
        behind = branch(walk, node.body, walk.variables)
        for variables in loop.continues:
            behind = merge(behind, variables)
        again = behind is not None and (head.tells(behind) or walk.missed)
        after = None if endless else (merge(head.copy(), behind) if again else merge(behind, head))
        for variables in loop.breaks:
            after = merge(after, variables)
        if not again:
            break
        walk.missed = False
        head = merge(head, behind) or head
    walk.loop, walk.missed = outer, missed or walk.missed
    go_on(walk, after)


def _unrolled(walk: Walk, node: s.For, turns: list[Value]) -> None:
    outer, context = walk.loop, walk.frame.context
    left: Variables | None = None
    for number, turn in enumerate(turns):
        walk.frame.context = (*context, Turn(node, number))
        loop = walk.loop = Loop(node, outer, walk.frame)
        iterate(walk, node.iter, turn)
        assign(walk, node.target, turn)
        behind = branch(walk, node.body, walk.variables)
        for variables in loop.continues:
            behind = merge(behind, variables)
        for variables in loop.breaks:
            left = merge(left, variables.copy())
        go_on(walk, behind)
        if not walk.alive:
            break
    walk.loop, walk.frame.context = outer, context
    go_on(walk, merge(left, walk.variables if walk.alive else None))


# ---------------------------------------------------------------- turns


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
        own = walk.variables.own(item)
        for name, value in own.items():
            own[name] = frozenset(_settle(walk, x) for x in value)
    return item


def _settled(walk: Walk, text: str) -> Value:
    return walk.heap.value(Kind.CONSTANT, None, "settled", (), ("str", text), text)


def iterate(walk: Walk, node: Any, source: Value) -> Value:
    """Give an element of an iterable, and note which loaders a batch is drawn from."""
    value = element(walk, source)
    for batch in batches(walk, value):
        walk.record(Iterated, node, batch.of[0], batch)
    return value


# ---------------------------------------------------------------- comprehensions


def _comprehension(walk: Walk, node: s.Comprehension) -> Value:
    before = walk.variables.of(walk.frame)
    hidden = {name: before.get(name) for name in node.namespace.bound}
    held, exact = _comprehend(walk, node)
    names = walk.variables.own(walk.frame)
    for name, value in hidden.items():
        if value is None:
            names.pop(name, None)
        else:
            names[name] = value
    if node.kind == "generator" and not exact:
        return walk.heap.value(Kind.ITERATOR, node, walk.frame.context, (), ("same", held))
    item = walk.heap.make(Kind.DICT if node.kind == "dict" else Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(item, exact or {"*": held})
    for key, value in exact.items():
        record_store(walk, node.value, value, item, key)
    return walk.heap.single(item)


def _comprehend(walk: Walk, node: s.Comprehension) -> tuple[Value, dict[str, Value]]:
    """Walk a comprehension; its element, and where its turns can be told apart what each key or index holds."""
    first = node.generators[0]
    source = evaluate(walk, first.iter)
    turns = each(walk, source) if len(node.generators) == 1 and not first.tests else None
    exact: dict[str, Value] = {}
    held: Value = NOTHING
    context = walk.frame.context
    for number, turn in enumerate(turns or [iterate(walk, first.iter, source)]):
        if turns:
            walk.frame.context = (*context, Turn(node, number))
        assign(walk, first.target, turn)
        for test in first.tests:
            evaluate(walk, test)
        for part in node.generators[1:]:
            assign(walk, part.target, iterate(walk, part.iter, evaluate(walk, part.iter)))
            for test in part.tests:
                evaluate(walk, test)
        keys = [index_key(x) for x in evaluate(walk, node.key)] if node.key is not None else [str(number)]
        value = evaluate(walk, node.value)
        if turns and len(keys) == 1 and keys[0] is not None:
            exact[keys[0]] = value
        held = join(held, value) if held else value
    walk.frame.context = context
    return held or UNKNOWN, exact if turns and len(exact) == len(turns) else {}


EVALUATORS: Evaluators = {
    s.Comprehension: _comprehension,
}


EXECUTORS: Executors = {
    s.For: _for,
    s.While: _while,
}
