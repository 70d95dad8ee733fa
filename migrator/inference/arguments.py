"""The arguments of a call, evaluated."""

from __future__ import annotations

from migrator.inference.objects import NOTHING, Value
from migrator.source import syntax as s


class Arguments:
    """The arguments of a call, evaluated."""

    __slots__ = ("extra", "named", "node", "placed", "starred")

    def __init__(self, node: s.Call | None = None) -> None:
        self.node = node
        self.placed: list[Value] = []
        self.named: dict[str, Value] = {}
        self.starred = False  # more positions follow that we cannot count
        self.extra = False  # more names follow that we cannot list

    def all(self) -> list[Value]:
        """Give all values, placed ones first."""
        return [*self.placed, *self.named.values()]

    def get(self, position: int | None, name: str = "") -> Value:
        """Give one argument; nothing where it was not given."""
        if name in self.named:
            return self.named[name]
        if position is not None and position < len(self.placed):
            return self.placed[position]
        return NOTHING
