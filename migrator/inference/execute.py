"""Execute the statements of a block, in order, until one leaves it."""

from __future__ import annotations

from migrator.inference.evaluate import evaluate
from migrator.inference.interpreter import Interpreter
from migrator.inference.variables import Variables
from migrator.source import syntax as s


def execute(interpreter: Interpreter, block: s.Block) -> None:
    """Execute a block's statements until one leaves it."""
    interpreter.visited.add(block)
    insertion_points = interpreter.insertion_points.get(block)
    for index, statement in enumerate(block.statements):
        if insertion_points is not None and index in insertion_points:
            _prepare(interpreter, insertion_points[index])
        interpreter.steps += 1
        interpreter.executors[statement.__class__](interpreter, statement)
        if not interpreter.alive:
            return
    if insertion_points is not None and len(block.statements) in insertion_points:
        _prepare(interpreter, insertion_points[len(block.statements)])


def _prepare(interpreter: Interpreter, targets: list[s.Expression]) -> None:
    for target in targets:
        value = evaluate(interpreter, target)
        interpreter.assign(target, frozenset(interpreter.heap.prepare(item) for item in value))


def branch(interpreter: Interpreter, block: s.Block | None, variables: Variables) -> Variables | None:
    """Execute a block from given variables; what they are behind it, None where it does not end."""
    interpreter.variables, interpreter.alive = variables, True
    if block is not None:
        execute(interpreter, block)
    return interpreter.variables if interpreter.alive else None


def go_on(interpreter: Interpreter, variables: Variables | None) -> None:
    """Go on with these variables; where they are None, nothing behind here is reached."""
    interpreter.alive = variables is not None
    if variables is not None:
        interpreter.variables = variables
