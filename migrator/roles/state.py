"""What the walk over a program carries along: frames, loops and the log of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from migrator.errors import FileProblem
from migrator.roles.role import NOTHING, Object, Value
from migrator.roles.variables import Variables
from migrator.source import syntax as s
from migrator.source.module import Module


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

    def __init__(self, node: Any, parent: Loop | None, frame: Frame) -> None:
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


class Event:
    """Something that happened to an object: where in the text, in which call and loop, and when."""

    __slots__ = ("detail", "frame", "item", "kind", "loop", "node", "order", "value")

    def __init__(self, kind: str, node: Any, item: Object, run: Any, detail: Any, value: Value) -> None:
        self.kind = kind
        self.node = node
        self.item = item
        self.frame: Frame = run.frame
        self.loop: Loop | None = run.loop
        self.order: int = run.clock
        self.detail = detail
        self.value = value

    def moved(self, frames: dict[Frame, Frame], loop: Loop | None, order: int) -> Event:
        """Give the event as it happens again in other activations."""
        new: Event = Event.__new__(Event)
        new.kind, new.node, new.item, new.value = self.kind, self.node, self.item, self.value
        new.frame, new.loop, new.order = frames.get(self.frame, self.frame), loop, order
        detail = self.detail
        is_held = detail.__class__ is tuple and detail[0].__class__ is Frame
        new.detail = (frames.get(detail[0], detail[0]), *detail[1:]) if is_held else detail
        return new

    def __repr__(self) -> str:
        return f"<{self.kind} {self.detail or ''} {self.item} @{self.order}>"

    def steps(self) -> Iterator[tuple[Frame, s.Statement]]:
        """Give the statements that were being executed, innermost frame first."""
        frame, node = self.frame, self.node
        while True:
            yield frame, node.statement
            if frame.caller is None or frame.call is None:
                return
            frame, node = frame.caller, frame.call

    def loops(self) -> list[Loop]:
        """Give the loops around the event, innermost first, across calls."""
        return list(self.loop.nest()) if self.loop is not None else []


class Log:
    """Facts gathered by the walk."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.values: dict[Any, Value] = {}  # what each expression may be, over all visits
        self.calls: dict[Any, dict[Any, set[Any]]] = {}  # function node -> call node -> function node of the caller
        self.frames: dict[Any, list[Frame]] = {}  # function node -> its activations
        self.unseen: set[Any] = set()  # function nodes that code which we cannot see may call
        self.unread: dict[tuple[Module, str], FileProblem] = {}  # by module and name: what an import could not read
        self.decorated: dict[Any, str] = {}  # function node -> decorator that may change its signature


__all__ = ["Event", "Frame", "Log", "Loop", "Turn"]
