"""Insertion points at which `prepare` may stand: between the last binding of some objects and their first use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrator.inference.objects import Object
from migrator.inference.state import Frame
from migrator.inference.trace import Escaped, Event, Stored
from migrator.source import syntax as s
from migrator.training.binding_sites import name_node
from migrator.training.components import Components
from migrator.training.position import Path, statements_up, within
from migrator.training.use import first_use

TRIES = 6  # insertion points tried for a group of objects


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the text that holds an object to prepare: a name, ``self.x`` or ``loaders["train"]``."""

    node: s.Expression
    item: Object


@dataclass(frozen=True, slots=True)
class Placement:
    """Objects prepared together before ``block.statements[index]``."""

    frame: Frame
    block: s.Block
    index: int
    targets: tuple[Target, ...]


def candidates(components: Components, frame: Frame, binding_sites: dict[Object, Event]) -> list[Placement]:
    """Insertion points in a frame between the last binding of all objects and their first use, the latest first."""
    stores = [path for event in binding_sites.values() for path in _store_path(event, frame)]
    uses = [path for item in binding_sites for path in _use_path(components, item, frame)]
    block = _common_block([*stores, *uses])
    if block is None or _repeats(components, frame, block, binding_sites):
        return []
    low = max((_index_in(block, path) + 1 for path in stores), default=_first_index(block))
    high = min((_index_in(block, path) for path in uses), default=low if stores else len(block.statements))
    if low > high:
        return []
    targets = tuple(Target(_target_node(event, item), item) for item, event in binding_sites.items())
    order = [high, *(i for i in _captures(components, frame, block, binding_sites, low, high)), low]
    return [Placement(frame, block, i, targets) for i in dict.fromkeys(order)]


def _target_node(event: Event, item: Object) -> s.Expression:
    if isinstance(event.node, s.Parameter):
        return name_node(event.node.name, event.node)
    if not isinstance(event, Stored):  # a free name
        return name_node(item.data[2] if item.data[0] == "name" and len(item.data) > 2 else item.label, event.node)
    assert isinstance(event.node, s.Expression)
    return event.node


def _first_index(block: s.Block) -> int:
    """The first insertion point of a block: after the docstring, and after the imports and definitions of a module."""
    index = 0
    for statement in block.statements:
        if isinstance(statement, s.Evaluate) and isinstance(statement.value, s.Literal) and index == 0:
            index += 1
        elif isinstance(statement, (s.Import, s.ImportFrom)) and isinstance(block.owner, s.Root):
            index += 1
        else:
            break
    return index


def _store_path(event: Event, frame: Frame) -> list[Path]:
    """Where in a frame a binding happens, as a list of at most one; none for what is bound before the first statement."""
    if isinstance(event.node, s.Parameter) or not isinstance(event, Stored):
        return []
    return _path_in(event, frame)


def _use_path(components: Components, item: Object, frame: Frame) -> list[Path]:
    """Where in a frame an object's training begins, as a list of at most one."""
    first = first_use(components, item)
    return _path_in(first, frame) if first is not None else []


def _path_in(event: Event, frame: Frame) -> list[Path]:
    return [statements_up(statement, frame.node) for where, statement in event.steps() if where is frame][:1]


def _common_block(paths: list[Path]) -> s.Block | None:
    for block, _ in paths[0] if paths else ():
        if all(any(block is other for other, _ in path) for path in paths):
            return block
    return None


def _index_in(block: s.Block, path: Path) -> int:
    return next((index for other, index in path if other is block), -1)


def _repeats(components: Components, frame: Frame, block: s.Block, binding_sites: dict[Object, Event]) -> bool:
    """Whether an insertion point may be executed again without the objects being created again."""
    around = _loops_around(block, frame)
    for item in binding_sites:
        made = components.made(item)
        inside = {loop.node for loop in made.loops()} if made is not None else set()
        if made is None and item.site is not None:
            inside = set(_loop_ancestors(item.site)) | {
                loop.node for f in frame.chain() if f.loop for loop in f.loop.nest()
            }
            inside = {x for x in inside if within(item.site, x)}
        if around - inside or (around and made is not None and _is_made_now_and_then(made, frame, block)):
            return True
    return False


def _is_made_now_and_then(made: Event, frame: Frame, block: s.Block) -> bool:
    """Whether an object is made on a condition that an insertion point does not stand under: ``if self.model is None: ...``."""
    for where, statement in made.steps():
        for inner, _ in statements_up(statement, where.node):
            if inner is block:
                return False
            if isinstance(inner.owner, (s.If, s.Try, s.Match)):
                return True
        if where is frame:
            return False
    return False


def _loop_ancestors(node: s.Node | None) -> Iterable[s.Node]:
    while node is not None:
        if isinstance(node, (s.For, s.While)):
            yield node
        node = node.parent


def _loops_around(block: s.Block, frame: Frame) -> set[s.Node]:
    """The loops that a block lies in, those around the calls that lead to it included."""
    found: set[Any] = set()
    node: Any = block
    while node is not None and node is not frame.node:
        if isinstance(node, (s.For, s.While)):
            found.add(node)
        node = node.parent
    if frame.loop is not None:
        found |= {loop.node for loop in frame.loop.nest()}
    return found


def _captures(
    components: Components, frame: Frame, block: s.Block, binding_sites: dict[Object, Event], low: int, high: int
) -> list[int]:
    """Statements between binding and use that pass an object on; `prepare` may have to come before them."""
    found: set[int] = set()
    for item in binding_sites:
        for event in components.by_item.get(item, ()):
            if isinstance(event, (Stored, Escaped)):
                found.update(_index_in(block, path) for path in _path_in(event, frame))
    return sorted((i for i in found if low <= i < high), reverse=True)[: TRIES - 2]
