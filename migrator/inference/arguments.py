"""The arguments of a call, evaluated."""

from __future__ import annotations

from migrator.inference.element import element
from migrator.inference.interpreter import Walk
from migrator.inference.objects import NOTHING, Kind, Object, Value
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


def settle(walk: Walk, item: Object) -> Object:
    """A literal that is handed over decides conditions on the other side."""
    if item.kind is Kind.CONSTANT:
        return walk.heap.make(Kind.CONSTANT, None, "settled", (), item.data, item.label)
    return item


def spread(walk: Walk, args: Arguments, value: Value) -> None:
    """Add what ``*value`` stands for."""
    for item in value:
        own = walk.variables.of(item) if item.kind is Kind.SEQUENCE else None
        if own is not None and "*" not in own and len(value) == 1:
            args.placed.extend(own[str(index)] for index in range(len(own)))
            return
    args.starred = True
    args.placed.append(element(walk, value))


def spread_names(walk: Walk, args: Arguments, value: Value) -> None:
    """Add what ``**value`` stands for."""
    for item in value:
        if item.kind is Kind.DICT:
            for name, held in walk.variables.of(item).items():
                if name == "*":
                    args.extra = True
                else:
                    args.named.setdefault(name, held)
            continue
        args.extra = True
