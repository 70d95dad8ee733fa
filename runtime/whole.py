"""A DistributedSampler that a script left in: it would deal out a second time what `prepare` deals out."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

from torch.utils.data import DistributedSampler, Sampler

from runtime.errors import SettingsError


class WholeOrder(Sampler[int]):
    """The order of a DistributedSampler for one process alone, epoch by epoch as the script sets it there."""

    def __init__(self, source: DistributedSampler[Any]) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source.dataset)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[int]:
        alone = copy.copy(self.source)
        alone.num_replicas, alone.rank = 1, 0
        alone.num_samples = alone.total_size = len(self)
        return iter(alone)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self.source.set_epoch(epoch)


def made_whole(batches: Any, chain: list[Any], processes: int) -> Any:
    """Return the batch sampler ``batches``, without a DistributedSampler as the innermost of its ``chain``.

    Raises:  SettingsError on somebody's sampler of that kind, whose whole order nobody but its author knows.
    """
    sharded = next((sampler for sampler in chain if getattr(sampler, "num_replicas", 1) > 1), None)
    if sharded is None:
        return batches
    told = f"`prepare` got a DataLoader whose {type(sharded).__name__} deals its samples out to {sharded.num_replicas}"
    if type(sharded) is not DistributedSampler:
        raise SettingsError(
            f"{told} processes already, and would do so again. Leave out `sampler=`, write `shuffle=True` if it "
            f"shuffled, and let `prepare` distribute them to the {processes} processes."
        )
    warnings.warn(
        f"{told} processes already. `prepare` does so itself, so it reads the sampler's whole order. Leave out "
        f"`sampler=` and `set_epoch`, and write `shuffle={bool(sharded.shuffle)}`.",
        stacklevel=7,
    )
    if batches is sharded:
        return WholeOrder(sharded)
    twins = [copy.copy(sampler) for sampler in chain[: chain.index(sharded)]]
    for outer, inner in zip(twins, [*twins[1:], WholeOrder(sharded)], strict=True):
        outer.sampler = inner
    return twins[0]
