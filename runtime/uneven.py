"""Training on while other processes have no more batches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch.distributed.algorithms.join import Join, Joinable

from runtime.loader import PreparedLoader


def _shards(loaders: Sequence[PreparedLoader]) -> list[Any]:
    """List what deals out batches evenly or not; only datasets that are read by index have it."""
    shards = [loader._shard for loader in loaders]
    known = [shard for shard in shards if hasattr(shard, "even_batches")]
    if len(known) < len(shards):
        warnings.warn(
            "Overriding even_batches is only supported for map-style datasets, yet some dataloaders given were iterable",
            stacklevel=6,
        )
    return known


@contextmanager
def _even_batches(loaders: Sequence[PreparedLoader], value: bool | None) -> Iterator[None]:
    shards = [] if value is None else _shards(loaders)
    before = [shard.even_batches for shard in shards]
    try:
        for shard in shards:
            shard.even_batches = value
        yield
    finally:
        for shard, old in zip(shards, before, strict=True):
            shard.even_batches = old


@contextmanager
def join_uneven_inputs(
    joinables: Sequence[Any], loaders: Sequence[PreparedLoader], even_batches: bool, override: bool | None
) -> Iterator[None]:
    """Let a process whose batches are used up take part in the others' collectives.

    Args:    joinables: prepared models.
             even_batches: what the loaders do by default; evenly dealt batches need no joining.
             override: what they are to do inside, if anything else.
    """
    if not all(isinstance(one, Joinable) for one in joinables):
        warnings.warn(
            "Joining uneven inputs is only supported for multi-GPU and multi-CPU training of prepared models, as a "
            "result `join_uneven_inputs` will have no effect.",
            stacklevel=4,
        )
        yield
        return
    enabled = not (even_batches if override is None else override)
    with _even_batches(loaders, override), Join(list(joinables), enable=enabled, throw_on_early_termination=False):
        yield
