"""One order of samples on all processes, from samplers that nobody can tell how to shuffle."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from runtime.backend import Single


def _plain(batches: Iterable[Any]) -> list[Any]:
    """Make lists of indices, which compare as a whole, out of tensors and arrays, which do not."""
    return [batch.tolist() if hasattr(batch, "tolist") else batch for batch in batches]


class Agreement:
    """Reads a batch sampler that may shuffle by another random stream in every process.

    Each pass begins with a comparison of the first round. Where the processes differ, all read the order of process 0,
    and a warning says so once: else some samples would be seen twice, and others never.
    """

    def __init__(self, backend: Single) -> None:
        self._backend = backend
        self._warned = False

    def __call__(self, batch_sampler: Any) -> Iterator[Any]:
        """Iterate ``batch_sampler``; every process has to."""
        batches = iter(batch_sampler)
        first = _plain(itertools.islice(batches, self._backend.world.size))
        firsts = self._backend.gather_objects(first)
        everything = itertools.chain(first, batches)
        if all(other == firsts[0] for other in firsts):
            return everything
        self._warn(type(batch_sampler).__name__)
        return self._dictated(everything)

    def _dictated(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Let process 0 say, round by round, so that it never runs ahead of a sampler that learns."""
        while dictated := self._backend.broadcast_object(
            _plain(itertools.islice(batches, self._backend.world.size)),
        ):
            yield from dictated

    def _warn(self, name: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{name} gives every process another order of samples, so all follow process 0's. Seed them alike with "
                "`set_seed`, or give the sampler a `generator`, to spare the communication.",
                stacklevel=4,
            )
