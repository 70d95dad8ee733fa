"""What the interpreter records: the events in the life of each object, and facts about the program.

Event
|-- Made  Stored                                     where an object comes from, and what holds it
|-- Called  Forwarded  Iterated  ItemRead            what is done with it
|-- AttributeRead  AttributeAssigned  Compared
|-- Given  Inspected  Wrapped  Escaped  Saved        which code gets it
|-- Backpropagated  Prepared                         what the training does
`-- NeededOnHost
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from migrator.errors import FileProblem
from migrator.inference.objects import Object, Value
from migrator.inference.state import Frame, Loop
from migrator.source import syntax as s
from migrator.source.module import Module

EventKind = TypeVar("EventKind", bound="Event")


@dataclass(slots=True, eq=False)  # not frozen: that makes them three times as slow to make, and there are many
class Event:
    """Something that happened to an object: where in the text, in which call and loop, and when."""

    node: s.Node
    item: Object
    frame: Frame
    loop: Loop | None
    order: int

    def moved(self, frames: Mapping[Frame, Frame], loop: Loop | None, order: int) -> Event:
        """Give the event as it happens again in other activations."""
        new = copy(self)
        new.frame, new.loop, new.order = frames.get(self.frame, self.frame), loop, order
        return new

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.item} @{self.order}>"

    def steps(self) -> Iterator[tuple[Frame, s.Statement]]:
        """Give the statements that were being executed, innermost frame first."""
        frame, node = self.frame, self.node
        while True:
            yield frame, node.statement
            if frame.caller is None or frame.call is None:
                return
            node, frame = frame.call, frame.caller

    def loops(self) -> list[Loop]:
        """Give the loops around the event, innermost first, across calls."""
        return list(self.loop.nest()) if self.loop is not None else []


@dataclass(slots=True, eq=False, repr=False)
class Made(Event):
    """The object was made by this expression."""


@dataclass(slots=True, eq=False, repr=False)
class Stored(Event):
    """A variable, an attribute, an entry of a dict or an element of a list holds the object from here on."""

    owner: Frame | Object  # the activation whose variable it is, or the object that keeps it
    key: str  # the name, key or index; "*" where that is not known

    def moved(self, frames: Mapping[Frame, Frame], loop: Loop | None, order: int) -> Stored:
        """Give the event as it happens again in other activations, one of which may be the owner."""
        owner = frames.get(self.owner, self.owner) if isinstance(self.owner, Frame) else self.owner
        return Stored(self.node, self.item, frames.get(self.frame, self.frame), loop, order, owner, self.key)


@dataclass(slots=True, eq=False, repr=False)
class Called(Event):
    """A method of the object was called; "__call__" where a local object itself was."""

    node: s.Call
    method: str


@dataclass(slots=True, eq=False, repr=False)
class Forwarded(Event):
    """The object itself was called, as a model or something unknown, on what was computed from ``given``."""

    node: s.Call
    given: Value


class Route(Enum):
    """How a backward is asked for."""

    TENSOR = auto()  # loss.backward()
    OPAQUE = auto()  # the same of something unknown
    AUTOGRAD = auto()  # torch.autograd.backward(loss)
    OPTIMIZER = auto()  # optimizer.backward(loss)
    ACCELERATOR = auto()  # accelerator.backward(loss)


@dataclass(slots=True, eq=False, repr=False)
class Backpropagated(Event):
    """The object is a loss whose gradients were computed."""

    node: s.Call
    route: Route
    roots: Value  # what the loss was computed from


@dataclass(slots=True, eq=False, repr=False)
class Iterated(Event):
    """A batch was drawn from the object."""

    node: s.Expression
    batch: Object


@dataclass(slots=True, eq=False, repr=False)
class ItemRead(Event):
    """An element of the object was read by an index or a key."""

    node: s.Subscript


@dataclass(slots=True, eq=False, repr=False)
class AttributeRead(Event):
    """An attribute of the object was read: by its name, or by ``getattr``."""

    name: str


@dataclass(slots=True, eq=False, repr=False)
class AttributeAssigned(Event):
    """An attribute of a model, or of something unknown, was assigned."""

    node: s.Attribute
    name: str


@dataclass(slots=True, eq=False, repr=False)
class Compared(Event):
    """The object was compared; ``node`` is its side of the comparison."""

    comparison: s.Compare


@dataclass(slots=True, eq=False, repr=False)
class Given(Event):
    """A library function whose meaning is known got the object."""

    node: s.Call
    function: str


@dataclass(slots=True, eq=False, repr=False)
class Inspected(Event):
    """The object was looked at and left alone: ``isinstance``, ``print``."""

    node: s.Call


@dataclass(slots=True, eq=False, repr=False)
class Wrapped(Event):
    """A library function that gives back the object, or a wrapper that acts as the object does, got it."""

    node: s.Call
    function: str


@dataclass(slots=True, eq=False, repr=False)
class Escaped(Event):
    """Code that the interpreter does not follow got the object."""

    to: Object | None  # None: a local function that is not followed once more


@dataclass(slots=True, eq=False, repr=False)
class Saved(Event):
    """The object is in what was written to a file."""

    node: s.Call


@dataclass(slots=True, eq=False, repr=False)
class Prepared(Event):
    """The script itself passed the object to ``accelerator.prepare``."""

    node: s.Call


@dataclass(slots=True, eq=False, repr=False)
class NeededOnHost(Event):
    """The object was needed on the CPU where nothing had moved it yet."""


def of_kind(events: Iterable[Event], kind: type[EventKind]) -> Iterator[EventKind]:
    """Give the events of one kind, in order."""
    return (event for event in events if isinstance(event, kind))


class Trace:
    """What the interpreter found about a program."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.values: dict[s.Node, Value] = {}  # what each expression may be, over all visits
        self.calls: dict[
            s.Node, dict[s.Node, set[s.Node]]
        ] = {}  # function node -> call node -> function node of the caller
        self.frames: dict[s.Node, list[Frame]] = {}  # function node -> its activations
        self.unseen: set[s.Node] = set()  # function nodes that code which we cannot see may call
        self.unread: dict[tuple[Module, str], FileProblem] = {}  # by module and name: what an import could not read
        self.decorated: dict[s.Node, str] = {}  # function node -> decorator that may change its signature
