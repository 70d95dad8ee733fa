"""What the interpreter carries along: frames and loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from migrator.inference.objects import NOTHING, Value
from migrator.inference.variables import Variables
from migrator.source import syntax as s
from migrator.source.module import Module

Activated: TypeAlias = s.Root | s.FunctionDef | s.Lambda | s.ClassDef


class Turn(NamedTuple):
    """One turn of a loop that is walked turn by turn; part of the context of what is made in it."""

    loop: s.Node
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

    def __init__(
        self, node: Activated, module: Module, outer: Frame | None, caller: Frame | None, call: s.Node | None
    ) -> None:
        self.node = node
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

    def moved(self, caller: Frame, loop: Loop | None, entered: int) -> Frame:
        """Give another activation that was entered alike."""
        new = Frame(self.node, self.module, self.outer, caller, self.call)
        new.context, new.loop, new.entered, new.given = self.context, loop, entered, self.given
        return new

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

    def __init__(self, node: s.Node, parent: Loop | None, frame: Frame) -> None:
        self.node = node
        self.parent = parent
        self.frame = frame
        self.context = frame.context  # tells the turns of loops around it apart
        self.breaks: list[Variables] = []
        self.continues: list[Variables] = []

    def moved(self, parent: Loop | None, frame: Frame) -> Loop:
        """Give the loop as it is in another activation."""
        new = Loop(self.node, parent, frame)
        new.context = self.context
        return new

    def nest(self) -> Iterator[Loop]:
        """Give this loop and those around it, innermost first."""
        loop: Loop | None = self
        while loop is not None:
            yield loop
            loop = loop.parent


__all__ = ["Frame", "Loop", "Turn"]
