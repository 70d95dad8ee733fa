"""What statements do: every path through them is walked, and the paths are joined where they meet."""

from __future__ import annotations

from migrator.inference.assign import assign, bind
from migrator.inference.evaluate import evaluate
from migrator.inference.execute import branch, execute, go_on
from migrator.inference.interpreter import Executors, Walk
from migrator.inference.never_run import asks_for_main
from migrator.inference.objects import UNKNOWN, Kind
from migrator.inference.state import Frame
from migrator.inference.truth import truth_of
from migrator.inference.unseen import apply_decorator, decorated
from migrator.inference.variables import merge
from migrator.source import syntax as s

# ---------------------------------------------------------------- small statements


def _evaluate_statement(walk: Walk, node: s.Evaluate) -> None:
    value = evaluate(walk, node.value)
    if any(item.kind is Kind.CONSTANT and item.data == ("exit", True) for item in value):
        walk.alive = False


def _return(walk: Walk, node: s.Return) -> None:
    value = evaluate(walk, node.value) if node.value is not None else walk.none
    walk.frame.returns.append((value, walk.variables))
    walk.alive = False


def _raise(walk: Walk, node: s.Raise) -> None:
    for value in node.values:
        evaluate(walk, value)
    walk.alive = False


def _assert(walk: Walk, node: s.Assert) -> None:
    for value in node.values:
        evaluate(walk, value)


def _delete(walk: Walk, node: s.Delete) -> None:
    for target in node.targets:
        if isinstance(target, s.Name):
            walk.variables.own(walk.frame).pop(target.id, None)
        else:
            evaluate(walk, target)


def _jump(walk: Walk, node: s.Jump) -> None:
    if node.word == "pass":
        return
    walk.alive = False
    if walk.loop is not None and walk.loop.frame is walk.frame:
        (walk.loop.breaks if node.word == "break" else walk.loop.continues).append(walk.variables)


def _declare(walk: Walk, node: s.Declare) -> None:
    """The scope knows already."""


# ---------------------------------------------------------------- compound statements


def _if(walk: Walk, node: s.If) -> None:
    truth = truth_of(evaluate(walk, node.test))
    before = walk.variables
    if truth is None:
        after = branch(walk, node.body, before.copy())
        go_on(walk, merge(after, branch(walk, node.orelse, before)))
        return
    taken, left = (node.body, node.orelse) if truth else (node.orelse, node.body)
    if left is not None and left not in walk.visited and not asks_for_main(node.test):
        walk.pruned.setdefault(left, (before.copy(), walk.frame, walk.loop))
    go_on(walk, branch(walk, taken, before))


def _with(walk: Walk, node: s.With) -> None:
    for item in node.items:
        value = evaluate(walk, item.value)
        if item.target is not None:
            assign(walk, item.target, value)
    execute(walk, node.body)


def _try(walk: Walk, node: s.Try) -> None:
    before = walk.variables.copy()
    behind = branch(walk, node.body, walk.variables)
    interrupted = merge(before, behind.copy() if behind is not None else None)
    assert interrupted is not None
    if behind is not None and node.orelse is not None:
        behind = branch(walk, node.orelse, behind)
    for handler in node.handlers:
        walk.variables, walk.alive = interrupted.copy(), True
        if handler.type is not None:
            evaluate(walk, handler.type)
        if handler.name is not None:
            assign(walk, handler.name, UNKNOWN)
        behind = merge(behind, branch(walk, handler.body, walk.variables))
    if node.final is not None:
        ended = behind is None
        behind = branch(walk, node.final, interrupted if behind is None else behind)
        behind = None if ended else behind
    go_on(walk, behind)


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
        behind = merge(behind, branch(walk, case.body, walk.variables))
    go_on(walk, merge(behind, before))


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
        apply_decorator(walk, decorator, evaluate(walk, decorator), item)


EXECUTORS: Executors = {
    s.Evaluate: _evaluate_statement,
    s.Return: _return,
    s.Raise: _raise,
    s.Assert: _assert,
    s.Delete: _delete,
    s.Jump: _jump,
    s.Declare: _declare,
    s.If: _if,
    s.With: _with,
    s.Try: _try,
    s.Match: _match,
    s.FunctionDef: _function,
    s.ClassDef: _class,
}
