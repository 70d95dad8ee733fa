"""The table of `--roles`: what every variable was taken for, where, and why."""

from __future__ import annotations

from typing import Any

from migrator.inference.interpreter import Walk
from migrator.inference.objects import Kind, Object
from migrator.inference.state import Frame
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


def explain(walk: Walk) -> str:
    """Give one line a variable: place, name, role, evidence."""
    rows: dict[tuple[str, int, str], set[str]] = {}
    homes = {module.root: module for module in walk.modules}
    for event in of_kind(walk.log.events, Stored):
        if event.item.kind in _SHOWN and _is_bound(event.node):
            module = homes[_root(event.node)]  # a parameter is bound from the frame of the call, which may be elsewhere
            line = module.where(event.node)[0]
            shown = event.key if isinstance(event.owner, Frame) else _attribute_text(module, event.node, event.key)
            rows.setdefault((module.source.path, line, shown), set()).add(
                f"{event.item.kind.value}: {_evidence(walk, event.item)}"
            )
    return "\n".join(
        f"{path}:{line}: {name}  {'; '.join(sorted(found))}" for (path, line, name), found in sorted(rows.items())
    )


def _is_bound(node: Any) -> bool:
    """Whether something is bound here, and not only held by a list or a dictionary that is written down."""
    return isinstance(node, s.Parameter) or bool(getattr(node, "store", False))


def _root(node: Any) -> Any:
    while node.parent is not None:
        node = node.parent
    return node


def _attribute_text(module: Module, node: Any, name: str) -> str:
    return module.text(node) if isinstance(node, (s.Attribute, s.Subscript)) else name


def _evidence(walk: Walk, item: Object) -> str:
    if item.site is not None:
        module = next((m for m in walk.modules if item.site in m.nodes(type(item.site))), None)
        if module is not None:
            return f"made by `{item.label}` in line {module.where(item.site)[0]}"
    if item.kind is Kind.BATCH:
        return f"drawn from `{item.of[0].label}`"
    if item.kind in (Kind.PARAMETERS, Kind.STATE):
        return "of " + ", ".join(f"`{x.label}`" for x in item.of)
    if item.kind is Kind.TENSOR:
        return "computed from " + ", ".join(sorted({f"{x.kind.value} `{x.label}`" for x in item.of}))
    return f"`{item.label}`" if item.label else item.kind.value
