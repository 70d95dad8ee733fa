"""What statements do: every path through them is walked, and the paths are joined where they meet."""

from __future__ import annotations

from migrator.inference.assign import assign, bind
from migrator.inference.evaluate import evaluate
from migrator.inference.execute import branch, execute, go_on
from migrator.inference.interpreter import Executors, Interpreter
from migrator.inference.never_run import asks_for_main
from migrator.inference.objects import UNKNOWN, Kind
from migrator.inference.state import Frame
from migrator.inference.truth import truth_of
from migrator.inference.unseen import apply_decorator, decorated
from migrator.inference.variables import merge
from migrator.source import syntax as s

# ---------------------------------------------------------------- small statements


def _evaluate_statement(interpreter: Interpreter, node: s.Evaluate) -> None:
    value = evaluate(interpreter, node.value)
    if any(item.kind is Kind.CONSTANT and item.data == ("exit", True) for item in value):
        interpreter.alive = False


def _return(interpreter: Interpreter, node: s.Return) -> None:
    value = evaluate(interpreter, node.value) if node.value is not None else interpreter.none
    interpreter.frame.returns.append((value, interpreter.variables))
    interpreter.alive = False


def _raise(interpreter: Interpreter, node: s.Raise) -> None:
    for value in node.values:
        evaluate(interpreter, value)
    interpreter.alive = False


def _assert(interpreter: Interpreter, node: s.Assert) -> None:
    for value in node.values:
        evaluate(interpreter, value)


def _delete(interpreter: Interpreter, node: s.Delete) -> None:
    for target in node.targets:
        if isinstance(target, s.Name):
            interpreter.variables.own(interpreter.frame).pop(target.id, None)
        else:
            evaluate(interpreter, target)


def _jump(interpreter: Interpreter, node: s.Jump) -> None:
    if node.word == "pass":
        return
    interpreter.alive = False
    if interpreter.loop is not None and interpreter.loop.frame is interpreter.frame:
        (interpreter.loop.breaks if node.word == "break" else interpreter.loop.continues).append(interpreter.variables)


def _declare(interpreter: Interpreter, node: s.Declare) -> None:
    """The scope knows already."""


# ---------------------------------------------------------------- compound statements


def _if(interpreter: Interpreter, node: s.If) -> None:
    truth = truth_of(evaluate(interpreter, node.test))
    before = interpreter.variables
    if truth is None:
        after = branch(interpreter, node.body, before.copy())
        go_on(interpreter, merge(after, branch(interpreter, node.orelse, before)))
        return
    taken, left = (node.body, node.orelse) if truth else (node.orelse, node.body)
    if left is not None and left not in interpreter.visited and not asks_for_main(node.test):
        interpreter.pruned.setdefault(left, (before.copy(), interpreter.frame, interpreter.loop))
    go_on(interpreter, branch(interpreter, taken, before))


def _with(interpreter: Interpreter, node: s.With) -> None:
    for item in node.items:
        value = evaluate(interpreter, item.value)
        if item.target is not None:
            assign(interpreter, item.target, value)
    execute(interpreter, node.body)


def _try(interpreter: Interpreter, node: s.Try) -> None:
    before = interpreter.variables.copy()
    behind = branch(interpreter, node.body, interpreter.variables)
    interrupted = merge(before, behind.copy() if behind is not None else None)
    assert interrupted is not None
    if behind is not None and node.orelse is not None:
        behind = branch(interpreter, node.orelse, behind)
    for handler in node.handlers:
        interpreter.variables, interpreter.alive = interrupted.copy(), True
        if handler.type is not None:
            evaluate(interpreter, handler.type)
        if handler.name is not None:
            assign(interpreter, handler.name, UNKNOWN)
        behind = merge(behind, branch(interpreter, handler.body, interpreter.variables))
    if node.final is not None:
        ended = behind is None
        behind = branch(interpreter, node.final, interrupted if behind is None else behind)
        behind = None if ended else behind
    go_on(interpreter, behind)


def _match(interpreter: Interpreter, node: s.Match) -> None:
    evaluate(interpreter, node.subject)
    before, behind = interpreter.variables, None
    for case in node.cases:
        interpreter.variables, interpreter.alive = before.copy(), True
        for name in case.names:
            assign(interpreter, name, UNKNOWN)
        for value in case.values:
            evaluate(interpreter, value)
        if case.guard is not None:
            evaluate(interpreter, case.guard)
        behind = merge(behind, branch(interpreter, case.body, interpreter.variables))
    go_on(interpreter, merge(behind, before))


def _function(interpreter: Interpreter, node: s.FunctionDef) -> None:
    for param in node.params:
        if param.default is not None:
            interpreter.defaults[param] = evaluate(interpreter, param.default)
    item = interpreter.heap.make(
        Kind.FUNCTION, node, interpreter.frame.context, (), (node, _visible(interpreter)), node.name
    )
    value = decorated(interpreter, node, item)
    bind(interpreter, node.name, value)
    interpreter.defined[node] = (item, interpreter.variables)


def _visible(interpreter: Interpreter) -> Frame:
    """The frame whose names a function defined here sees: class bodies are passed over."""
    frame = interpreter.frame
    while isinstance(frame.node, s.ClassDef) and frame.outer is not None:
        frame = frame.outer
    return frame


def _class(interpreter: Interpreter, node: s.ClassDef) -> None:
    bases = tuple(evaluate(interpreter, base) for base in node.bases)
    frame = Frame(node, interpreter.frame.module, interpreter.frame, interpreter.frame, None)
    frame.context = interpreter.frame.context
    item = interpreter.heap.make(
        Kind.CLASS, node, interpreter.frame.context, (), (node, _visible(interpreter), bases), node.name
    )
    bind(interpreter, node.name, interpreter.heap.single(item))
    outer, interpreter.frame = interpreter.frame, frame
    interpreter.variables.put(frame, {})
    execute(interpreter, node.body)
    interpreter.frame = outer
    interpreter.variables.put(item, dict(interpreter.variables.of(frame)))
    interpreter.variables.drop(frame)
    for decorator in node.decorators:
        apply_decorator(interpreter, decorator, evaluate(interpreter, decorator), item)


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
