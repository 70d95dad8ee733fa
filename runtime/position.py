"""Where a loader stands in its data, so that another process can go on with the very next batch.

A pass over shuffled data depends on random streams at two moments: when the pass began, where the order of samples was
drawn, and now, where augmentation and the next pass go on from. Both are kept, with the number of batches between.
"""

from __future__ import annotations

import random
import sys
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from runtime.loader import LoaderPass, PreparedLoader


def python_state() -> list[Any]:
    """Read Python's random stream, as a list that may be stored."""
    version, words, gauss = random.getstate()
    return [version, list(words), gauss]


def set_python_state(state: Any) -> None:
    """Go on with Python's random stream from ``state``."""
    version, words, gauss = state
    random.setstate((version, tuple(words), gauss))


def numpy_state() -> list[Any] | None:
    """Read numpy's global random stream, if numpy was imported, as a list that may be stored."""
    if "numpy" not in sys.modules:
        return None
    kind, words, place, has_gauss, gauss = sys.modules["numpy"].random.get_state()
    return [str(kind), words.tolist(), int(place), int(has_gauss), float(gauss)]


def set_numpy_state(state: Any) -> None:
    """Go on with numpy's global random stream from ``state``."""
    if state is not None:
        import numpy

        numpy.random.set_state(tuple(state))


_INNER = ("batch_sampler", "sampler", "dataset")


def _own_parts(loader: PreparedLoader) -> tuple[list[torch.Generator], list[Any]]:
    """Walk through the loader, its samplers and its dataset: everything that may choose the order.

    Returns: the random streams found there, each once, and the parts that count epochs.
    """
    waiting: list[Any] = [loader.base_dataloader]
    generators: dict[int, torch.Generator] = {}
    counters: dict[int, Any] = {}
    for part in waiting:  # grows
        held = getattr(part, "__dict__", None)
        if held is None:
            continue
        generator = held.get("generator")
        # A SeedableRandomSampler makes its generator when it is first used, and needs none of its past.
        if isinstance(generator, torch.Generator) and "initial_seed" not in held:
            generators[id(generator)] = generator
        if isinstance(held.get("epoch"), int) and hasattr(part, "set_epoch"):
            counters[id(part)] = part
        for name in _INNER:
            inner = held.get(name)
            if inner is not None and not any(inner is one for one in waiting):
                waiting.append(inner)
    return list(generators.values()), list(counters.values())


def read_own(loader: PreparedLoader) -> dict[str, Any]:
    """Read the random streams and the epochs of a loader's own."""
    generators, counters = _own_parts(loader)
    return {
        "generators": [generator.get_state() for generator in generators],
        "epochs": [part.epoch for part in counters],
        "seeds": [getattr(part, "initial_seed", None) for part in counters],
    }


def set_own(loader: PreparedLoader, state: dict[str, Any]) -> None:
    """Go on with the random streams and the epochs of a loader's own."""
    generators, counters = _own_parts(loader)
    for generator, value in zip(generators, state["generators"], strict=False):
        generator.set_state(value)
    for part, epoch, seed in zip(counters, state["epochs"], state["seeds"], strict=False):
        part.set_epoch(epoch)
        if seed is not None:
            part.initial_seed = seed


def read_streams(loader: PreparedLoader) -> dict[str, Any]:
    """Read every random stream that a pass may draw from in this process, on the CPU."""
    return {
        "python": python_state(),
        "numpy": numpy_state(),
        "torch": torch.get_rng_state(),
        **read_own(loader),
    }


def set_streams(loader: PreparedLoader, state: dict[str, Any]) -> None:
    """Go on from what `read_streams` returned."""
    set_python_state(state["python"])
    set_numpy_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    set_own(loader, state)


@dataclass(frozen=True, slots=True)
class Position:
    """A pass that was interrupted after ``yielded`` batches."""

    epoch: int
    yielded: int
    began: dict[str, Any]
    now: dict[str, Any]


class Progress:
    """The pass that goes on, of a loader and of what `skip_first_batches` made of it."""

    def __init__(self) -> None:
        self.began: dict[str, Any] = {}
        self._skipped = 0
        self._walk: weakref.ref[LoaderPass] | None = None

    def begin(self, walk: LoaderPass, began: dict[str, Any], skipped: int = 0) -> None:
        """Take note of a new pass."""
        self.began = began
        self._skipped = skipped
        self._walk = weakref.ref(walk)

    def __reduce__(self) -> tuple[Any, ...]:
        return Progress, ()  # a pass cannot be pickled

    def __copy__(self) -> Progress:
        return self

    @property
    def walk(self) -> LoaderPass | None:
        """The last pass, until the script lets go of it, as ``break`` does."""
        return None if self._walk is None else self._walk()

    @property
    def yielded(self) -> int | None:
        """Batches of the pass so far, the skipped ones included; None where no pass goes on."""
        walk = self.walk
        return None if walk is None or walk.is_over or not walk.yielded else self._skipped + walk.yielded


def describe(loader: PreparedLoader) -> dict[str, Any]:
    """Write down where a loader stands, in numbers, lists and tensors alone."""
    progress = loader._progress
    yielded = progress.yielded
    return {
        "epoch": loader.iteration,
        "yielded": yielded,
        "began": progress.began if yielded else None,
        "now": read_own(loader),
    }


def restore(loader: PreparedLoader, state: dict[str, Any]) -> None:
    """Bring a loader to where `describe` found one; the process's own random streams have to be there already.

    The next pass begins anew, as with Accelerate; one over `skip_first_batches`, or a stateful loader, goes on.
    """
    loader.iteration = state["epoch"]
    set_own(loader, state["now"])
    loader._interrupted = None
    if state["yielded"]:
        position = Position(state["epoch"], state["yielded"], state["began"], read_streams(loader))
        if loader.use_stateful_dataloader:
            from runtime.skipping import Resumption

            loader._resumption = Resumption(0, position)
        else:
            loader._interrupted = position
