"""Containers that a call made and that nothing outlives it with: the state forgets them, as Python would."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migrator.roles.arguments import Arguments
from migrator.roles.role import Kind, Object, Value
from migrator.roles.variables import Variables
from migrator.roles.walk import Walk

_CONTAINERS = frozenset({Kind.SEQUENCE, Kind.DICT, Kind.FRESH})


def forget_containers(walk: Walk, before: Variables, value: Value) -> None:
    """Forget the lists and dictionaries of a call that neither its result nor anything around it holds.

    Args:    before: the variables when it began. value: its result.
    """
    added, changed = walk.variables.came_and_changed(before)
    candidates = {owner for owner in added if owner.__class__ is Object and owner.kind in _CONTAINERS}
    if not candidates:
        return
    reached = _Reached(walk, candidates)
    reached.visit(value)
    for owner in (*added, *changed):
        if owner not in candidates:
            reached.visit_names(owner)
    for owner in candidates - reached.seen:
        walk.variables.drop(owner)


class _Reached:
    """What is found on the way from some values."""

    def __init__(self, walk: Walk, candidates: set[Object]) -> None:
        self._variables = walk.variables
        self._candidates = candidates
        self.seen: set[Any] = set()

    def visit_names(self, owner: Any) -> None:
        """Go on with what an owner's names hold."""
        for value in self._variables.of(owner).values():
            self.visit(value)

    def visit(self, items: Iterable[Any]) -> None:
        """Go on with some objects, and what they refer to."""
        for item in items:
            if item.__class__ is Object and item not in self.seen:
                self.seen.add(item)
                if item in self._candidates:
                    self.visit_names(item)
                self.visit(item.of)
                self._visit_data(item.data)

    def _visit_data(self, data: Any) -> None:
        kind = data.__class__
        if kind is Object:
            self.visit((data,))
        elif kind is frozenset:
            self.visit(data)
        elif kind is tuple:
            for part in data:
                self._visit_data(part)
        elif kind is Arguments:  # of a `functools.partial`; a function's frame is visited where the call made it
            for value in data.all():
                self.visit(value)


__all__ = ["forget_containers"]
