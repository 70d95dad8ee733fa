"""Variables that are no longer read after the other edits: a device, a flag for a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator.plan.callers import ExternalUse
from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Replace, Unwrap
from migrator.source.module import Module
from migrator.training.position import scope_of
from migrator.training.training import Training

Variable = tuple[s.Assign, s.Name]  # where it is assigned, and the target


def unread(training: Training, module: Module, operations: list[Operation], users: ExternalUse) -> Iterator[Variable]:
    """Give the variables of a module that the edits leave without a reader; the edits may change in between."""
    for statement, target in [*_device_variables(training, module, operations), *_flags(training, module, operations)]:
        shared = isinstance(scope_of(statement), s.Root) and users(module, target.id) is not None
        if not shared and _is_unread(training, module, target, operations):
            yield statement, target


def _is_exported(module: Module, name: str, training: Training) -> bool:
    """Whether another module of the program may read a module-level name."""
    for other in training.modules:
        if other is module:
            continue
        for node in other.nodes(s.ImportFrom):
            if node.names is None or any(found == name for found, _ in node.names):
                if training.program.find(other, node.level, node.module) is module:
                    return True
        if any(node.name == name for node in other.nodes(s.Attribute)):
            return True
    return False


def _device_variables(training: Training, module: Module, found: list[Operation]) -> Iterator[Variable]:
    """The assignments that give a variable the Accelerator's device, now or from the start."""
    texts = [x for x in found if isinstance(x, Replace) and x.text.endswith((".device", ".device.type"))]
    defined = {x.statement for x in training.definitions}
    for statement in module.nodes(s.Assign):
        target = statement.targets[0]
        if len(statement.targets) != 1 or not isinstance(target, s.Name):
            continue
        if statement in defined:
            whole = [x for x in texts if x.span.holds(module.span(statement.value))]
            if len(whole) == 1 and not whole[0].text.startswith(target.id):
                yield statement, target
        elif training.devices.is_accelerators(statement.value):
            yield statement, target


def _flags(training: Training, module: Module, found: list[Operation]) -> Iterator[Variable]:
    """The assignments of whether there is a GPU that no new line reads."""
    lines = " ".join(line for x in found if isinstance(x, Insert) for line in x.lines)
    for statement in module.nodes(s.Assign):
        target = statement.targets[0]
        if len(statement.targets) == 1 and isinstance(target, s.Name) and not re.search(rf"\b{target.id}\b", lines):
            if isinstance(statement.value, s.Call) and training.devices.is_availability(statement.value):
                yield statement, target


def _is_unread(training: Training, module: Module, target: s.Name, operations: list[Operation]) -> bool:
    scope = target.scope.resolve(target.id)
    if scope is None or len([x for x in scope.names.get(target.id, []) if x.store]) != 1:
        return False
    dropped = {op.statement for op in operations if isinstance(op, Drop)}
    gone = [op.span for op in operations if isinstance(op, Replace) and not op.text]
    gone += [
        module.span(op.statement.test) for op in operations if isinstance(op, Unwrap) and isinstance(op.statement, s.If)
    ]
    reads = [x for x in module.nodes(s.Name) if x.id == target.id and not x.store and x.scope.resolve(x.id) is scope]
    if not reads or (scope.kind == "module" and _is_exported(module, target.id, training)):
        return False
    return all(x.statement in dropped or any(span.holds(module.span(x)) for span in gone) for x in reads)
