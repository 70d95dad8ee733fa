"""Exact scaling: several processes train as one would, each on a portion of its very batches.

Every process reads the order of process 0 and takes its rows of each batch. `ExactScaling` weighs its loss by them, so
that the average over the processes is the gradient of the whole batch. Shown on two and on three processes to follow
one process within 1e-6 (tests/runtime/test_exact.py), where batches of each process's own take another path.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset

from runtime.agreement import Agreement
from runtime.backend import Single
from runtime.data import is_alike_everywhere, replaced, samplers, synchronise
from runtime.dispatch import Dealer, DispatchedLoader, DispatchPass, Mail, Round
from runtime.errors import SettingsError
from runtime.lead import Lead
from runtime.loader import LoaderPass, PreparedLoader
from runtime.portion import Portion
from runtime.state import GradientState
from runtime.transfer import pinned
from runtime.tree import is_row_list, leaves
from runtime.world import World

if TYPE_CHECKING:
    from runtime.data import DataLoaderConfiguration


class SharedBatches(BatchSampler):
    """The portion of this process in every batch of indices."""

    def __init__(self, batch_sampler: Any, world: World, read: Callable[[Any], Iterator[Any]]) -> None:
        """Share ``batch_sampler``.

        Args:    read: how to iterate it, in one order on all processes.
        """
        self.batch_sampler = batch_sampler
        self.batch_size = getattr(batch_sampler, "batch_size", None)  # type: ignore[assignment]
        self.drop_last = getattr(batch_sampler, "drop_last", False)
        self.portions: deque[Portion] = deque()  # of the batches that are read and not yet handed out
        self._processes = world.size
        self._rank = world.rank
        self._read = read

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def leave_out(self, count: int) -> None:
        """Forget the next portions: their batches are read by nobody."""
        for _ in range(min(count, len(self.portions))):
            self.portions.popleft()

    def __iter__(self) -> Iterator[Any]:
        self.portions = deque()
        return self._parts(self.portions)

    def _parts(self, portions: deque[Portion]) -> Iterator[Any]:
        for batch in self._read(self.batch_sampler):
            whole = batch if hasattr(batch, "__getitem__") and hasattr(batch, "__len__") else list(batch)
            portion = Portion(len(whole), self._processes, self._rank)
            portions.append(portion)  # before the batch: a worker may be ahead of whoever asks
            yield portion.part(whole)


def _pairs(batches: Iterator[Any], shared: SharedBatches) -> Iterator[tuple[Portion, Any]]:
    """Bring each batch together with its portion, whether it is handed out at once, later or never."""
    portions: deque[Portion] | None = None
    for batch in batches:
        portions = shared.portions if portions is None else portions  # they are begun with the first batch at latest
        yield portions.popleft(), batch


class _ExactPass(LoaderPass):
    """A walk that knows the portion of the batch in use."""

    __slots__ = ("portion",)

    def __init__(self, loader: ExactLoader, iterator: Iterator[Any], length: int | None) -> None:
        super().__init__(loader, iterator, length)
        self._fetch = _pairs(iterator, loader._shard).__next__
        self.portion: Portion | None = None

    def __next__(self) -> Any:
        self.portion, batch = super().__next__()
        self.loader.gradient_state.last_portion = self.portion
        return batch

    @property
    def layout(self) -> Portion | None:
        """Which rows of the batch in use count, over all processes."""
        return None if self.portion is None or self.portion.is_even else self.portion


class ExactLoader(PreparedLoader):
    """The portions of one process, out of the batches of all."""

    _pass = _ExactPass


class _ExactDealer(Dealer):
    """On process 0: cuts each batch that it reads into portions."""

    def _deal(self, batches: list[Any], is_last: bool) -> Round:
        (batch,) = batches
        total = _rows(batch)
        portions = [Portion(total, self._processes, rank) for rank in range(self._processes)]
        parts = [self._slice(batch, portion.own, portion.rank) for portion in portions]
        return Round(parts, None, is_last, total)


def _rows(batch: Any) -> int:
    """Count the rows of a batch that is cut after it was read.

    Raises:  SettingsError unless every tensor has equally many, for then it cannot be told what to cut.
    """
    counts = {len(batch)} if is_row_list(batch) else set()
    counts |= {len(leaf) for leaf in leaves(batch) if isinstance(leaf, torch.Tensor) and leaf.ndim}
    if len(counts) != 1:
        raise SettingsError(
            f"`exact_scaling` has to cut this batch after it was read, and finds {sorted(counts) or 'no'} rows in its "
            "tensors. Use a dataset that is read by index, with a `batch_size`, or leave out `exact_scaling`."
        )
    return int(counts.pop())


class _ExactDispatchPass(DispatchPass):
    """A walk over portions that process 0 sends."""

    __slots__ = ("portion",)

    def __init__(self, loader: ExactDispatchedLoader, mail: Mail) -> None:
        super().__init__(loader, mail, None)
        self.portion: Portion | None = None

    def __next__(self) -> Any:
        batch = super().__next__()
        world = self.loader._backend.world
        portion = Portion(self._iterator.round.rows, world.size, world.rank)  # type: ignore[attr-defined]
        self.portion = self.loader.gradient_state.last_portion = portion
        return batch

    layout = _ExactPass.layout


class ExactDispatchedLoader(DispatchedLoader):
    """A loader that process 0 alone reads, and whose batches all share."""

    def _walk(self) -> LoaderPass:
        return _ExactDispatchPass(self, Mail(self))

    def _make_dealer(self) -> Dealer:
        return _ExactDealer(self.base_dataloader, self._backend.world.size, split=True, cut=self._cut_by)


def _is_cut_by_index(loader: DataLoader[Any]) -> bool:
    """Say whether the loader reads lists of indices, which are cut before anything is read."""
    if isinstance(loader.dataset, IterableDataset):
        return False
    return loader.batch_sampler is not None or isinstance(loader.sampler, BatchSampler)


def share_out(
    loader: DataLoader[Any],
    backend: Single,
    gradient_state: GradientState,
    options: DataLoaderConfiguration,
    device: torch.device | None,
    rng_types: tuple[str, ...],
) -> PreparedLoader:
    """Make the loader of one process among several that share every batch.

    Raises:  SettingsError if batches may arrive in any order.
    """
    if not getattr(loader, "in_order", True):
        raise SettingsError("`exact_scaling` needs to know which batch arrives: leave out `in_order=False`.")
    if options.dispatch_batches or not _is_cut_by_index(loader):
        return ExactDispatchedLoader(
            loader, gradient_state, backend, device, split_batches=True, non_blocking=options.non_blocking
        )
    place = "sampler" if loader.batch_sampler is None else "batch_sampler"
    batches = getattr(loader, place)
    read = Lead(backend) if is_alike_everywhere(samplers(batches)) else Agreement(backend)
    shared = SharedBatches(batches, backend.world, read)
    before = functools.partial(synchronise, backend, None, rng_types)
    part = replaced(pinned(loader, device), **{place: shared})
    ahead = isinstance(read, Lead)
    return ExactLoader(part, gradient_state, device, options.non_blocking, shared, before, ahead)
