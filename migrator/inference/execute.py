"""Execute the statements of a block, in order, until one leaves it."""

from __future__ import annotations

from migrator.inference.evaluate import evaluate
from migrator.inference.interpreter import Walk
from migrator.inference.variables import Variables
from migrator.source import syntax as s


def execute(walk: Walk, block: s.Block) -> None:
    """Execute a block's statements until one leaves it."""
    walk.visited.add(block)
    insertion_points = walk.insertion_points.get(block)
    for index, statement in enumerate(block.statements):
        if insertion_points is not None and index in insertion_points:
            _prepare(walk, insertion_points[index])
        walk.steps += 1
        walk.executors[statement.__class__](walk, statement)
        if not walk.alive:
            return
    if insertion_points is not None and len(block.statements) in insertion_points:
        _prepare(walk, insertion_points[len(block.statements)])


def _prepare(walk: Walk, targets: list[s.Expression]) -> None:
    for target in targets:
        value = evaluate(walk, target)
        walk.assign(target, frozenset(walk.heap.prepare(item) for item in value))


def branch(walk: Walk, block: s.Block | None, variables: Variables) -> Variables | None:
    """Execute a block from given variables; what they are behind it, None where it does not end."""
    walk.variables, walk.alive = variables, True
    if block is not None:
        execute(walk, block)
    return walk.variables if walk.alive else None


def go_on(walk: Walk, variables: Variables | None) -> None:
    """Go on with these variables; where they are None, nothing behind here is reached."""
    walk.alive = variables is not None
    if variables is not None:
        walk.variables = variables
