"""Interpret a program: every path, statement by statement, with calls followed to their bodies."""

from __future__ import annotations

from migrator.inference import assign, call, evaluate, flow, imports, loop, member, truth
from migrator.inference.execute import execute
from migrator.inference.interpreter import InsertionPoints, Interpreter, Recursion
from migrator.inference.local_class import class_member
from migrator.inference.never_run import idle_definitions
from migrator.inference.objects import UNKNOWN, Value
from migrator.inference.program import Program
from migrator.inference.state import Frame
from migrator.inference.trace import Backpropagated
from migrator.inference.unseen import call_commands, call_unseen
from migrator.inference.variables import Variables
from migrator.source import syntax as s


def _call(interpreter: Interpreter, node: s.Call) -> Value:
    value = _first_argument(interpreter, node) if node in interpreter.elided else call.call(interpreter, node)
    return (
        frozenset(interpreter.heap.prepare(item) for item in value) if node in interpreter.wrapped_in_place else value
    )


def _first_argument(interpreter: Interpreter, node: s.Call) -> Value:
    """What a call is taken for that a change takes away: ``scaler.scale(loss)`` for ``loss``."""
    evaluate.evaluate(interpreter, node.func)  # its owner is used, all the same
    values = [evaluate.evaluate(interpreter, arg.value) for arg in node.args]
    return values[0] if values else UNKNOWN


_RECURSION = Recursion(
    evaluators={**evaluate.EVALUATORS, **member.EVALUATORS, **truth.EVALUATORS, **loop.EVALUATORS},
    executors={**flow.EXECUTORS, **loop.EXECUTORS, **assign.EXECUTORS, **imports.EXECUTORS},
    call=_call,
    invoke=call.call_object,
    execute=execute,
    assign=assign.assign,
    iterate=loop.iterate,
    class_member=class_member,
)


def _walk_the_rest(interpreter: Interpreter, behind: Variables) -> None:
    """Walk the branches that no settled condition took, and the functions that nobody calls.

    Args: behind: the variables where the program ends.
    """
    while True:
        todo = [block for block in interpreter.pruned if block not in interpreter.visited]
        if not todo:
            break
        for block in todo:
            interpreter.variables, interpreter.frame, interpreter.loop = interpreter.pruned.pop(block)
            interpreter.alive = True
            execute(interpreter, block)
    built: dict[s.Node, Variables] = {}  # by class: what the attributes of its instances are behind its constructor
    trains = any(isinstance(event, Backpropagated) for event in interpreter.trace.events)
    idle = {x for top in idle_definitions(interpreter) for x in _functions(top)} if trains else set()
    for module in list(interpreter.modules):
        for function in module.nodes(s.FunctionDef):
            if function.body not in interpreter.visited and function in interpreter.defined and function not in idle:
                item, variables = interpreter.defined[function]
                variables = built.get(function.block.owner, variables)
                interpreter.variables, interpreter.alive, interpreter.loop = (
                    _with_later(variables, item.data[1], behind),
                    True,
                    None,
                )
                call_unseen(interpreter, item)
                if function.name == "__init__":
                    built[function.block.owner] = interpreter.variables.copy()


def _with_later(variables: Variables, frame: Frame, behind: Variables) -> Variables:
    """Give the variables around a definition, and what its module binds further down: whoever calls it does so later."""
    variables = variables.copy()
    if isinstance(frame.node, s.Root):
        late = {name: value for name, value in behind.of(frame).items() if name not in variables.of(frame)}
        if late:
            variables.own(frame).update(late)
            variables.fill(behind)
    return variables


def _functions(definition: s.Node) -> list[s.FunctionDef]:
    """A definition and what is defined in it, as far as they are functions."""
    return [node for node in (definition, *definition.walk()) if isinstance(node, s.FunctionDef)]


def interpret(
    program: Program,
    insertion_points: InsertionPoints | None = None,
    wrapped_in_place: frozenset[s.Expression] = frozenset(),
    elided: frozenset[s.Call] = frozenset(),
) -> Interpreter:
    """Walk a program from its entry, then whatever the entry does not reach.

    Args: insertion_points: block -> index -> targets (expressions) that are pretended to be prepared before that statement.
          wrapped_in_place: calls whose results are pretended to be prepared on the spot.
          elided: calls that are taken for their first argument.
    """
    interpreter = Interpreter(program, _RECURSION, insertion_points, wrapped_in_place, elided)
    imports.run_module(interpreter, program.entry)
    behind = interpreter.variables.copy()
    call_commands(interpreter, program.entry)
    _walk_the_rest(interpreter, behind)
    return interpreter
