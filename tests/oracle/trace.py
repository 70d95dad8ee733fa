"""What is written down of a run: events in order, and how it ended. Plain values and numpy arrays, so that reading needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Random:
    """The states of the random streams of torch, of Python and of numpy."""

    torch: bytes
    python: Any
    numpy: Any


@dataclass(frozen=True, slots=True)
class Fetch:
    """A batch is about to be read: its indices are known, its samples are not drawn yet."""

    walk: int  # number of the pass over a loader, in the order in which passes began
    size: int | None  # of the dataset
    indices: tuple[int, ...]
    random: Random


@dataclass(frozen=True, slots=True)
class Finish:
    """A pass over a loader came to its end."""

    walk: int


@dataclass(frozen=True, slots=True)
class Backward:
    """The value that backward was called on, the sum where it is no scalar."""

    value: float


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer has stepped; gradients are those from before, None where a parameter had none."""

    optimizer: int  # in the order of their first steps
    rates: tuple[float, ...]
    gradients: tuple[Any, ...]
    parameters: tuple[Any, ...]
    random: Random


@dataclass(frozen=True, slots=True)
class Save:
    """A call of ``torch.save``: what it wrote, flattened to names and values."""

    path: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """A file of the run's folder was opened to be written."""

    path: str


@dataclass(slots=True, repr=False)
class Trace:
    """One run of one process."""

    events: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # of standard output
    random: Random | None = None  # at the end
    modules: tuple[str, ...] = ()  # top-level packages that were imported
    error: str = ""  # a traceback, or why the run was stopped

    def __repr__(self) -> str:
        return f"<Trace of {len(self.events)} events{', failed' if self.error else ''}>"

    def of(self, kind: type[Event]) -> list[Event]:
        """List the events of one kind."""
        return [event for event in self.events if type(event) is kind]

    @property
    def losses(self) -> list[float]:
        """Every value that backward was called on."""
        return [event.value for event in self.of(Backward)]

    @property
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

    @property
    def finished_walks(self) -> set[int]:
        """The passes over loaders that came to their end."""
        return {event.walk for event in self.of(Finish)}

    def batches(self, walk: int) -> list[Fetch]:
        """List the batches of one pass."""
        return [event for event in self.of(Fetch) if event.walk == walk]

    @property
    def written(self) -> set[str]:
        """The files that were written."""
        return {event.path for event in self.events if type(event) in (Save, Write)}

    def rates_by_walk(self) -> Iterator[tuple[float, ...]]:
        """Give the learning rates at the last step of each training pass."""
        training = self.training_walks
        rates: dict[int, tuple[float, ...]] = {}
        walk = None
        for event in self.events:
            if type(event) is Fetch:
                walk = event.walk if event.walk in training else None
            elif type(event) is Step and walk is not None:
                rates[walk] = event.rates
        yield from rates.values()
