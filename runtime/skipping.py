"""Going on in the middle of an epoch: loaders that leave out their first batches."""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import BatchSampler, DataLoader, IterableDataset

from runtime.data import _place_of_batches, _with_batches
from runtime.loader import LoaderPass, PreparedLoader
from runtime.position import Position, read_streams, set_streams
from runtime.stateful import loader_arguments


class SkipBatchSampler(BatchSampler):
    """The batches of indices after the first ``skip_batches``."""

    def __init__(self, batch_sampler: Any, skip_batches: int = 0, then: Callable[[], None] | None = None) -> None:
        """Wrap any iterable of batches.

        Args:    then: called once the first batches are left out, before the next one is chosen.
        """
        self.batch_sampler = batch_sampler
        self.skip_batches = skip_batches
        self._then = then

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "batch_sampler":
            raise AttributeError(name)
        return getattr(self.batch_sampler, name)

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self.batch_sampler)
        for _ in itertools.islice(batches, self.skip_batches):
            pass
        if hasattr(self.batch_sampler, "leave_out"):
            self.batch_sampler.leave_out(self.skip_batches)
        if self._then is not None:
            then, self._then = self._then, None
            then()
        yield from batches

    def __len__(self) -> int:
        return max(len(self.batch_sampler) - self.skip_batches, 0)


class Resumption:
    """How a loader begins its passes: without its first batches, and once in the order that was interrupted.

    Where nothing else keeps the random numbers of later batches the same (workers that draw their own, streams, batches
    that one process deals out), the first batches are read and dropped.
    """

    def __init__(self, count: int, position: Position | None = None, reads: bool = True) -> None:
        """Plan the passes of one loader.

        Args:    count: batches to leave out of each; 0 where the loader itself goes on from the position.
                 position: where to go on, in the first pass.
                 reads: leave batches out by reading them.
        """
        self.count = count
        self.position = position
        self.reads = reads

    def begin(self, loader: PreparedLoader) -> LoaderPass:
        """Begin a pass over ``loader``."""
        position, self.position = self.position, None
        source = loader if loader._origin is None else loader._origin
        if position is not None:
            set_streams(source, position.began)
        began = read_streams(source)
        walk = loader._walk()
        if self.reads:
            walk.drop(self.count)
            if self.count == 0 and loader.num_workers == 0:
                walk.choose_next()
            if position is not None:
                set_streams(source, position.now)
        loader._progress.begin(walk, began, self.count if position is None else position.yielded)
        if self.count == 0:
            loader._resumption = None
        return walk


def _without_first(loader: PreparedLoader, count: int, position: Position | None) -> PreparedLoader:
    """Copy a prepared loader, without its first batches in each pass."""
    base = loader.base_dataloader
    twin: PreparedLoader = copy.copy(loader)
    twin._origin = loader if loader._origin is None else loader._origin
    reads = isinstance(base.dataset, IterableDataset)
    if position is not None:
        reads = reads or base.num_workers > 0 or loader.is_dispatched
    twin._resumption = Resumption(count, position, reads)
    if not reads:
        then = None if position is None else functools.partial(set_streams, twin._origin, position.now)
        batches = SkipBatchSampler(getattr(base, _place_of_batches(base)), count * loader.batches_per_round, then)
        twin.base_dataloader = _with_batches(base, batches)
    return twin


class SkipDataLoader(DataLoader[Any]):
    """A plain loader that reads its first batches and drops them, in each pass."""

    def __new__(cls, *args: Any, use_stateful_dataloader: bool = False, **kwargs: Any) -> SkipDataLoader:
        """Choose the kind of loader: torchdata's StatefulDataLoader if asked."""
        return object.__new__(_stateful(cls) if use_stateful_dataloader else cls)

    def __init__(
        self, dataset: Any, skip_batches: int = 0, use_stateful_dataloader: bool = False, **kwargs: Any
    ) -> None:
        """Make a DataLoader.

        Args:    kwargs: those of DataLoader.
        """
        super().__init__(dataset, **kwargs)
        self.skip_batches = skip_batches

    @property
    def base_dataloader(self) -> SkipDataLoader:
        """The loader that batches come from: this one."""
        return self

    def __iter__(self) -> Any:
        batches = super().__iter__()
        for _ in itertools.islice(batches, self.skip_batches):
            pass
        return batches

    def __len__(self) -> int:
        return max(super().__len__() - self.skip_batches, 0)


def _stateful(cls: type) -> type:
    from runtime.stateful import stateful_class

    return type(cls.__name__, (cls, stateful_class()), {"__module__": cls.__module__})


def skip_first_batches(dataloader: Any, num_batches: int = 0) -> Any:
    """Make a loader without the first batches of each pass, to go on in the middle of an epoch.

    After `Accelerator.load_state`, with as many batches as the interrupted pass had yielded, the first pass goes on in
    its order, and every random number is what it would have been. The samples left out are not read, except by workers
    (whose augmentation draws from streams of their own), from streams, and where process 0 deals out the batches:
    there they are read and dropped, which takes its time.

    A sampler that draws from torch's global stream between batches, not once at the start, cannot be brought back;
    neither can the streams of workers that persist over epochs.

    Args:    dataloader: prepared or not.
             num_batches: of this process.
    Returns: a loader of the same kind; the passes over it advance the epoch of ``dataloader``.
    Source:  accelerate 1.15 ``skip_first_batches``, which draws another order.
    """
    if issubclass(type(dataloader), PreparedLoader):  # `isinstance` asks for the class that it stands for
        position = dataloader._interrupted if num_batches > 0 else None
        dataloader._interrupted = None
        return _without_first(dataloader, num_batches, position)
    if isinstance(dataloader.dataset, IterableDataset):
        return SkipDataLoader(dataloader.dataset, num_batches, **loader_arguments(dataloader))
    batches = SkipBatchSampler(getattr(dataloader, _place_of_batches(dataloader)), num_batches)
    return _with_batches(dataloader, batches)
