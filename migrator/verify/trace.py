"""The trace of a run: one line of JSON for each event, in order. Reading it needs neither torch nor numpy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Streams:
    """The random streams have changed since they were last read; other events name their states by the digest."""

    digest: str  # of the states of all
    changed: str  # the states that are new: base64 of a pickle that the recorder alone reads


@dataclass(frozen=True, slots=True)
class Begin:
    """A pass over a loader begins, before its order is drawn."""

    walk: int  # its number, in the order in which passes began
    streams: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """A batch is about to be read: its indices are known, its samples are not drawn yet."""

    walk: int  # number of the pass over a loader
    dataset: str  # the class of the dataset
    size: int | None  # how many samples the dataset has; None for a stream
    indices: tuple[int | str, ...]  # empty for a stream
    streams: str
    place: str  # of the script's line, `file.py:12`, from the folder that was copied


@dataclass(frozen=True, slots=True)
class Finish:
    """A pass over a loader came to its end."""

    walk: int


@dataclass(frozen=True, slots=True)
class Backward:
    """The value that backward was called on, the sum where it is no scalar."""

    value: float
    place: str


class Block(NamedTuple):
    """Neighbouring parameters of an optimizer, after a step, and their gradients from before it."""

    parameters: str  # digest of every bit
    norm: float  # of the gradients
    sums: tuple[float, ...]  # of the gradients, over stretches of equal length


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer has stepped; without an optimizer, backward has ended (and the script may write parameters itself)."""

    optimizer: int  # in the order of their first steps; -1 without one
    name: str  # its class
    rates: tuple[float, ...]  # learning rates, one for each group
    blocks: tuple[Block, ...]
    streams: str
    place: str

    @property
    def norm(self) -> float:
        """The norm of all gradients."""
        return sqrt(sum(block.norm * block.norm for block in self.blocks))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The script has stepped a learning-rate scheduler."""

    scheduler: int  # in the order of their making
    name: str  # its class
    place: str


class Leaf(NamedTuple):
    """A tensor that was saved."""

    digest: str  # of every bit, its type and its shape
    norm: float


@dataclass(frozen=True, slots=True)
class Save:
    """A call of ``torch.save``: what it wrote, flattened to names; a value is a `Leaf` or something printable."""

    path: str  # empty where it went to memory
    content: dict[str, object]
    place: str


@dataclass(frozen=True, slots=True)
class Write:
    """A file of the run's folder was opened to be written."""

    path: str
    place: str


@dataclass(frozen=True, slots=True)
class Print:
    """A line of the script has printed for the first time."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A path outside of the copy was opened, or would have been: it was refused where it is `kept` from being written."""

    path: str  # from the copy where it lies beside it, where nothing of what lies beside the project is
    kept: bool


@dataclass(frozen=True, slots=True)
class End:
    """The last line: how the run ended."""

    how: str  # finished, stopped (after its number of steps), failed
    error: str  # a traceback
    streams: str
    runtime: bool  # whether `runtime` or `accelerate` was imported
    place: str = ""  # of the error: the innermost line of the script's own


_KINDS = {
    kind.__name__: kind
    for kind in (Streams, Begin, Fetch, Finish, Backward, Step, Schedule, Save, Write, Print, Outside, End)
}


_encode = json.JSONEncoder(separators=(",", ":")).encode


def to_line(event: Any) -> str:
    """Write an event as a line of JSON."""
    return _encode([type(event).__name__, *(getattr(event, name) for name in event.__slots__)]) + "\n"


def from_line(line: str) -> object:
    """Read an event from a line that `to_line` wrote."""
    name, *values = json.loads(line)
    kind: Any = _KINDS[name]
    if kind is Step:
        values[3] = [Block(digest, norm, tuple(sums)) for digest, norm, sums in values[3]]
    if kind is Save:
        values[1] = {key: Leaf(*one) if isinstance(one, list) else one for key, one in values[1].items()}
    return kind(*(tuple(value) if isinstance(value, list) else value for value in values))


@dataclass(repr=False)
class Trace:
    """One run of one process."""

    events: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # of standard output
    error: str = ""  # a traceback, or why the run was ended; empty where it finished or took all the steps asked for
    stacks: str = ""  # where its threads were when it was cut
    text: str = ""  # as it was written, with the states of the random streams

    def __repr__(self) -> str:
        return f"<Trace of {len(self.events)} events{', failed' if self.error else ''}>"

    def of(self, kind: type[Kind]) -> list[Kind]:
        """List the events of one kind."""
        return [event for event in self.events if type(event) is kind]

    @property
    def end(self) -> End | None:
        """How it ended; None where it was cut."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, End) else None

    @property
    def error_place(self) -> str:
        """The script's own line that failed; empty where none did, or it was cut."""
        return self.end.place if self.end else ""

    @property
    def finished(self) -> bool:
        """Whether the script came to its own end, not merely to the last step asked for."""
        return self.end is not None and self.end.how == "finished"

    @cached_property
    def losses(self) -> list[float]:
        """Every value that backward was called on."""
        return [event.value for event in self.of(Backward)]

    @cached_property
    def training_walks(self) -> list[int]:
        """The passes over loaders during which backward was called."""
        found: dict[int, None] = {}
        walk = None
        for event in self.events:
            if type(event) is Fetch:
                walk = event.walk
            elif type(event) is Backward and walk is not None:
                found[walk] = None
        return list(found)

    @cached_property
    def finished_walks(self) -> set[int]:
        """The passes over loaders that came to their end."""
        return {event.walk for event in self.of(Finish)}

    def batches(self, walk: int) -> list[Fetch]:
        """List the batches of one pass."""
        return [event for event in self.of(Fetch) if event.walk == walk]

    @property
    def written(self) -> set[str]:
        """The files that were written."""
        return {event.path for event in self.events if type(event) in (Save, Write) and event.path}

    @property
    def prints(self) -> list[Print]:
        """The lines of the script that print, or draw a bar."""
        return self.of(Print)

    def writers(self, path: str) -> list[str]:
        """List the lines of the script that wrote a file."""
        return [event.place for event in self.events if type(event) in (Save, Write) and event.path == path]

    def rates_by_walk(self) -> Iterator[tuple[float, ...]]:
        """Give the learning rates at the last step of each training pass."""
        rates: dict[int, tuple[float, ...]] = {}
        walk = None
        for event in self.events:
            if type(event) is Fetch:
                walk = event.walk if event.walk in self.training_walks else None
            elif type(event) is Step and walk is not None:
                rates[walk] = event.rates
        yield from rates.values()


def read(path: Path) -> Trace:
    """Read the trace of one process; a last line that was cut with the process is left out.

    Raises:  ValueError where a line within is no event.
    """
    trace = Trace()
    if path.is_file():
        trace.text = path.read_text(encoding="utf-8")
        whole = trace.text.split("\n")[:-1]
        trace.events = [event for line in whole if not isinstance(event := from_line(line), Streams)]
    end = trace.end
    if end is None:
        trace.error = "ended without a message"
    elif end.how == "failed":
        trace.error = end.error
    return trace
