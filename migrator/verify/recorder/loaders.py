"""Which samples are read: the indices of every batch, right before it is read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from torch.utils.data import DataLoader, dataloader

from migrator.verify.recorder.journal import Journal
from migrator.verify.trace import Begin, Fetch, Finish

_WORKER_OPTIONS = ("persistent_workers", "prefetch_factor", "multiprocessing_context", "timeout")
_WORKERS_AT = 5  # the position of num_workers among the arguments


class Loaders:
    """Notes each batch. Loaders use no worker processes, so that augmentation draws from the streams that are recorded."""

    def __init__(self, journal: Journal) -> None:
        """Put hooks into torch."""
        self._journal = journal
        self.next_indices: Callable[[Any, int], Any]
        walks = count()
        iterators = dataloader._SingleProcessDataLoaderIter
        start, following, construct = iterators.__init__, iterators._next_index, DataLoader.__init__
        self.next_indices = lambda iterator, walk: following(iterator)

        def begin(iterator: Any, loader: object) -> None:
            iterator._walk = next(walks)
            journal.note(Begin(iterator._walk, journal.streams()))
            start(iterator, loader)

        def next_index(iterator: Any) -> object:
            try:
                index = self.next_indices(iterator, iterator._walk)
            except StopIteration:
                journal.note(Finish(iterator._walk))
                raise
            data = iterator._dataset
            size = len(data) if hasattr(data, "__len__") else None
            event = Fetch(iterator._walk, type(data).__name__, size, _plain(index), journal.streams(), journal.place())
            journal.note(event)
            return index

        def without_workers(loader: object, *args: object, **options: object) -> None:
            for name in _WORKER_OPTIONS:
                options.pop(name, None)
            if len(args) > _WORKERS_AT:
                args = (*args[:_WORKERS_AT], 0, *args[_WORKERS_AT + 1 :])
            else:
                options["num_workers"] = 0
            construct(loader, *args, **options)

        iterators.__init__ = begin
        iterators._next_index = next_index
        DataLoader.__init__ = without_workers


def _plain(index: object) -> tuple[int | str, ...]:
    """Write indices as numbers, and what a sampler of another kind gives as text; a stream has none."""
    members = index if isinstance(index, (list, tuple)) else [index]
    if set(map(type, members)) == {int}:
        return tuple(members)
    return tuple(int(i) if hasattr(i, "__int__") else repr(i)[:40] for i in members if i is not None)
