"""One order of samples on all processes: the very order that process 0 would read alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from runtime.backend import Single
from runtime.data import samplers


class Lead:
    """Reads a sampler of torch's own on every process as process 0 does, and draws nothing beside.

    Such a sampler draws from its generator, or, where it has none, from torch's stream when its first index is asked
    for. So every process draws there under the state of process 0, and then goes on with its own.
    """

    def __init__(self, backend: Single) -> None:
        self._backend = backend

    def __call__(self, batch_sampler: Any) -> Iterator[Any]:
        """Iterate ``batch_sampler``; every process has to."""
        generator = _generator(batch_sampler)
        if generator is not None:
            generator.set_state(self._backend.broadcast(generator.get_state()))
            return iter(batch_sampler)
        own = torch.get_rng_state()
        leading = self._backend.broadcast(own)
        batches = iter(batch_sampler)
        if torch.equal(own, leading):
            return batches
        torch.set_rng_state(leading)
        try:
            first = list(itertools.islice(batches, 1))
        finally:
            torch.set_rng_state(own)
        return itertools.chain(first, batches)


def _generator(sampler: Any) -> torch.Generator | None:
    """Find the random stream of the innermost sampler."""
    generator = getattr(samplers(sampler)[-1], "generator", None)
    return generator if isinstance(generator, torch.Generator) else None
