"""What the walk over a program carries along: frames, variables and loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from migrator.inference.objects import MAYBE_UNBOUND, NOTHING, Value, join
from migrator.source.module import Module


class Variables:
    """What every variable holds: names by frame, attributes and elements by object.

    Branches copy it all the time and change little, so that copies share what neither has changed.
    """

    __slots__ = ("mine", "names")

    def __init__(self, names: dict[Any, dict[str, Value]] | None = None) -> None:
        self.names: dict[Any, dict[str, Value]] = names if names is not None else {}
        self.mine: set[Any] = set()  # owners whose names no other copy shares

    def __contains__(self, owner: Any) -> bool:
        return owner in self.names

    def of(self, owner: Any) -> dict[str, Value]:
        """Give an owner's names for reading."""
        return self.names.get(owner, _EMPTY)

    def own(self, owner: Any) -> dict[str, Value]:
        """Give an owner's names for writing."""
        if owner not in self.mine:
            self.names[owner] = dict(self.names.get(owner, _EMPTY))
            self.mine.add(owner)
        return self.names[owner]

    def put(self, owner: Any, names: dict[str, Value]) -> None:
        """Set all of an owner's names."""
        self.names[owner] = names
        self.mine.add(owner)

    def drop(self, owner: Any) -> None:
        """Forget an owner."""
        self.names.pop(owner, None)
        self.mine.discard(owner)

    def copy(self) -> Variables:
        """Give variables that can be changed without changing these."""
        self.mine = set()
        return Variables(dict(self.names))


_EMPTY: dict[str, Value] = {}


class Turn(NamedTuple):
    """One turn of a loop that is walked turn by turn; part of the context of what is made in it."""

    loop: Any
    number: int


class Frame:
    """One activation of a module, a function or a class body."""

    __slots__ = (
        "call",
        "caller",
        "context",
        "entered",
        "given",
        "importer",
        "loop",
        "module",
        "node",
        "outer",
        "returns",
        "yields",
    )

    def __init__(self, node: Any, module: Module, outer: Frame | None, caller: Frame | None, call: Any) -> None:
        self.node = node  # Root, FunctionDef, Lambda or ClassDef
        self.module = module
        self.outer = outer  # the frame whose names it also sees
        self.caller = caller
        self.call = call  # the Call node that entered it
        depth = caller.context if caller is not None else ()
        self.context: tuple[Any, ...] = (*depth[-7:], call) if call is not None else depth
        self.loop: Loop | None = None  # the loop that the call stands in
        self.importer: Frame | None = None  # what a module is imported by first
        self.returns: list[tuple[Value, Variables]] = []
        self.yields: Value = NOTHING
        self.entered = 0
        self.given: dict[str, Value] = {}  # what its parameters were given

    def chain(self) -> Iterator[Frame]:
        """Give this frame and those that called it, innermost first."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.caller

    def beginning(self) -> Frame:
        """Give the frame that led here, by calls and imports: the program's own, or one that nobody visible calls."""
        frame = self
        while (before := frame.caller or frame.importer) is not None:
            frame = before
        return frame


class Loop:
    """A loop being walked, within the loops around it, across calls."""

    __slots__ = ("breaks", "context", "continues", "frame", "node", "parent")

    def __init__(self, node: Any, parent: Loop | None, frame: Frame) -> None:
        self.node = node
        self.parent = parent
        self.frame = frame
        self.context = frame.context  # tells the turns of loops around it apart
        self.breaks: list[Variables] = []
        self.continues: list[Variables] = []

    def nest(self) -> Iterator[Loop]:
        """Give this loop and those around it, innermost first."""
        loop: Loop | None = self
        while loop is not None:
            yield loop
            loop = loop.parent


def merge(first: Variables | None, second: Variables | None) -> Variables | None:
    """Give the variables after either of two paths; None stands for a path that does not get here.

    ``first`` is changed and given back.
    """
    if first is None:
        return second
    if second is None or second is first:
        return first
    for owner, names in second.names.items():
        mine = first.names.get(owner)
        if mine is None:
            first.names[owner] = names
            first.mine.discard(owner)
            second.mine.discard(owner)
        elif mine is not names:
            _merge_names(first, owner, names)
    return first


def _merge_names(first: Variables, owner: Any, names: dict[str, Value]) -> None:
    mine = first.own(owner)
    for name, value in names.items():
        known = mine.get(name)
        if known is not value:
            mine[name] = join(known, value)
    if len(mine) > len(names):
        for name, value in mine.items():
            if name not in names:
                mine[name] = value | MAYBE_UNBOUND


__all__ = ["Frame", "Loop", "Turn", "Variables", "merge"]
