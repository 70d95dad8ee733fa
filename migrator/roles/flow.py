"""Walk a program abstractly: every path, statement by statement, with calls followed to their bodies."""

from __future__ import annotations

from typing import Any

from migrator.roles import call as calls
from migrator.roles.assign import assign, bind
from migrator.roles.evaluate import evaluate
from migrator.roles.execute import branch, execute, executor, go_on
from migrator.roles.idle import asks_for_main, idle_definitions
from migrator.roles.imports import run_module
from migrator.roles.local_class import class_member
from migrator.roles.loop import iterate
from migrator.roles.role import UNKNOWN, Kind, Value
from migrator.roles.state import Frame
from migrator.roles.truth import truth_of
from migrator.roles.unseen import apply_decorator, call_commands, call_unseen, decorated
from migrator.roles.variables import Variables, merge
from migrator.roles.walk import Walk
from migrator.source import syntax as s


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
    walk.class_member = lambda *args: class_member(walk, *args)
    run_module(walk, program.entry)
    behind = walk.variables.copy()
    call_commands(walk, program.entry)
    _walk_the_rest(walk, behind)
    return walk


def _call(walk: Walk, node: s.Call) -> Value:
    value = calls.call(walk, node)
    return frozenset(walk.heap.prepare(item) for item in value) if node in walk.inlines else value


def _walk_the_rest(walk: Walk, behind: Variables) -> None:
    """Walk the branches that no settled condition took, and the functions that nobody calls.

    Args: behind: the variables where the program ends.
    """
    while True:
        todo = [block for block in walk.pruned if block not in walk.visited]
        if not todo:
            break
        for block in todo:
            walk.variables, walk.frame, walk.loop = walk.pruned.pop(block)
            walk.alive = True
            execute(walk, block)
    built: dict[Any, Variables] = {}  # by class: what the attributes of its instances are behind its constructor
    trains = any(event.kind == "backward" for event in walk.log.events)
    idle = {x for top in idle_definitions(walk) for x in _functions(top)} if trains else set()
    for module in list(walk.modules):
        for function in module.nodes(s.FunctionDef):
            if function.body not in walk.visited and function in walk.defined and function not in idle:
                item, variables = walk.defined[function]
                variables = built.get(function.block.owner, variables)
                walk.variables, walk.alive, walk.loop = _with_later(variables, item.data[1], behind), True, None
                call_unseen(walk, item)
                if function.name == "__init__":
                    built[function.block.owner] = walk.variables.copy()


def _with_later(variables: Variables, frame: Frame, behind: Variables) -> Variables:
    """Give the variables around a definition, and what its module binds further down: whoever calls it does so later."""
    variables = variables.copy()
    if isinstance(frame.node, s.Root):
        late = {name: value for name, value in behind.of(frame).items() if name not in variables.of(frame)}
        if late:
            variables.own(frame).update(late)
            variables.fill(behind)
    return variables


def _functions(definition: Any) -> list[Any]:
    """A definition and what is defined in it, as far as they are functions."""
    return [node for node in (definition, *definition.walk()) if isinstance(node, s.FunctionDef)]


# ---------------------------------------------------------------- small statements


@executor(s.Evaluate)
def _evaluate_statement(walk: Walk, node: s.Evaluate) -> None:
    value = evaluate(walk, node.value)
    if any(item.kind is Kind.CONSTANT and item.data == ("exit", True) for item in value):
        walk.alive = False


@executor(s.Return)
def _return(walk: Walk, node: s.Return) -> None:
    value = evaluate(walk, node.value) if node.value is not None else walk.none
    walk.frame.returns.append((value, walk.variables))
    walk.alive = False


@executor(s.Raise)
def _raise(walk: Walk, node: s.Raise) -> None:
    for value in node.values:
        evaluate(walk, value)
    walk.alive = False


@executor(s.Assert)
def _assert(walk: Walk, node: s.Assert) -> None:
    for value in node.values:
        evaluate(walk, value)


@executor(s.Delete)
def _delete(walk: Walk, node: s.Delete) -> None:
    for target in node.targets:
        if isinstance(target, s.Name):
            walk.variables.own(walk.frame).pop(target.id, None)
        else:
            evaluate(walk, target)


@executor(s.Jump)
def _jump(walk: Walk, node: s.Jump) -> None:
    if node.word == "pass":
        return
    walk.alive = False
    if walk.loop is not None and walk.loop.frame is walk.frame:
        (walk.loop.breaks if node.word == "break" else walk.loop.continues).append(walk.variables)


@executor(s.Declare)
def _declare(walk: Walk, node: s.Declare) -> None:
    """The scope knows already."""


# ---------------------------------------------------------------- compound statements


@executor(s.If)
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


@executor(s.With)
def _with(walk: Walk, node: s.With) -> None:
    for item in node.items:
        value = evaluate(walk, item.value)
        if item.target is not None:
            assign(walk, item.target, value)
    execute(walk, node.body)


@executor(s.Try)
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


@executor(s.Match)
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


@executor(s.FunctionDef)
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


@executor(s.ClassDef)
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
