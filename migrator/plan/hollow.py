"""Assignments of a variable to itself, which several edits of one statement may leave: ``model = DataParallel(model).cuda()``."""

from __future__ import annotations

from migrator.source import syntax as s
from migrator.source.block import Drop, Operation, Replace
from migrator.source.module import Module

_VARIABLES = (s.Name, s.Attribute)


def drop_hollow(module: Module, operations: list[Operation]) -> list[Operation]:
    """Drop the assignments that edits leave without effect, in the place of these edits."""
    replacements = [x for x in operations if isinstance(x, Replace)]
    dropped = {x.statement for x in operations if isinstance(x, Drop)}
    for statement in module.nodes(s.Assign) if any(not x.text for x in replacements) else ():
        if len(statement.targets) != 1 or statement in dropped or not isinstance(statement.targets[0], _VARIABLES):
            continue
        span = module.span(statement.value)
        inside = [x for x in replacements if span.holds(x.span)]
        if inside and _replaced(module, statement.value, inside) == module.text(statement.targets[0]):
            operations = [*(x for x in operations if x not in inside), Drop(statement)]
    return operations


def _replaced(module: Module, node: s.Node, replacements: list[Replace]) -> str:
    span, text = module.span(node), module.text(node)
    for x in sorted(replacements, key=lambda x: (x.span.start, x.rank), reverse=True):
        text = text[: x.span.start - span.start] + x.text + text[x.span.end - span.start :]
    return text.strip()
