"""The table of `--roles`: what every variable was taken for, where, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import NOTHING, Kind, Object, Value
from migrator.inference.trace import Stored, of_kind
from migrator.source import syntax as s
from migrator.source.module import Module

_SHOWN = frozenset(
    {
        Kind.MODEL, Kind.CRITERION, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.LOADER, Kind.BATCH, Kind.DATASET, Kind.SAMPLER,
        Kind.DEVICE, Kind.FLAG, Kind.TYPE, Kind.SCALER, Kind.RANK, Kind.WORLD, Kind.ACCELERATOR, Kind.PARAMETERS,
        Kind.STATE, Kind.CHECKPOINT, Kind.FRESH, Kind.TENSOR,
    }
)  # fmt: skip


class Binding(NamedTuple):
    """A place that binds a variable, and all that the variable may hold there."""

    module: Module
    line: int
    name: str
    value: Value


def explain(interpreter: Interpreter) -> str:
    """Give one line a variable: place, name, role, evidence."""
    rows: dict[tuple[str, int, str], set[str]] = {}
    for module, line, name, value in bindings(interpreter):
        for item in value:
            if item.kind in _SHOWN:
                evidence = f"{item.kind.value}: {_evidence(interpreter, item)}"
                rows.setdefault((module.source.path, line, name), set()).add(evidence)
    return "\n".join(
        f"{path}:{line}: {name}  {'; '.join(sorted(found))}" for (path, line, name), found in sorted(rows.items())
    )


def bindings(interpreter: Interpreter) -> list[Binding]:
    """Give every place that binds a name, an attribute, an item or a parameter, with what all visits found there."""
    # what is bound to an item is no fact about an expression: the events alone tell of it
    stored: dict[s.Node, set[Object]] = {}
    for event in of_kind(interpreter.trace.events, Stored):
        stored.setdefault(event.node, set()).add(event.item)
    found = []
    for module in interpreter.modules:
        for param in module.nodes(s.Parameter):
            frames = interpreter.trace.frames.get(param.parent, ()) if param.parent is not None else ()
            given = [frame.given.get(param.name, NOTHING) for frame in frames]
            found.append(Binding(module, module.where(param)[0], param.name, NOTHING.union(*given)))
        for node in _targets(module):
            value = interpreter.trace.values.get(node, NOTHING) | frozenset(stored.get(node, ()))
            found.append(Binding(module, module.where(node)[0], module.text(node), value))
    return found


def _targets(module: Module) -> Iterator[s.Name | s.Attribute | s.Subscript]:
    """What is bound by an assignment of some form, and not only held by a list or a dictionary that is written down."""
    return (node for node in (*module.variables(), *module.nodes(s.Subscript)) if node.store)


def _evidence(interpreter: Interpreter, item: Object) -> str:
    if item.site is not None:
        module = next((m for m in interpreter.modules if item.site in m.nodes(type(item.site))), None)
        if module is not None:
            return f"made by `{item.label}` in line {module.where(item.site)[0]}"
    if item.kind is Kind.BATCH:
        return f"drawn from `{item.of[0].label}`"
    if item.kind in (Kind.PARAMETERS, Kind.STATE):
        return "of " + ", ".join(f"`{x.label}`" for x in item.of)
    if item.kind is Kind.TENSOR:
        return "computed from " + ", ".join(sorted({f"{x.kind.value} `{x.label}`" for x in item.of}))
    return f"`{item.label}`" if item.label else item.kind.value
