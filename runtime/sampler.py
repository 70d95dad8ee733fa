"""Which samples each process reads: shards of a batch sampler or of an iterable dataset."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import BatchSampler, IterableDataset, RandomSampler


@dataclass(frozen=True, slots=True)
class Tail:
    """The last round of batches, over all processes, in rows: real samples first, then repeated ones."""

    real: int
    padded: int


class SeedableRandomSampler(RandomSampler):
    """A random sampler whose order depends on a seed and the epoch alone, so it is the same on every process."""

    def __init__(self, *args: Any, data_seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial_seed = torch.random.initial_seed() if data_seed is None else data_seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self.generator = torch.Generator() if self.generator is None else self.generator
        self.generator.manual_seed(self.initial_seed + self.epoch)
        yield from super().__iter__()
        self.epoch += 1


class BatchSamplerShard(BatchSampler):
    """The batches of one process.

    Unsplit, batches are dealt out in rounds of one for each process; split, each batch is cut into equal parts::

        [0 1] [2 3] [4 5] [6]  ->  process 0: [0 1]     [4 5]        split: [0] [2] [4] [6]
                                   process 1:     [2 3]     [6 0]           [1] [3] [5] [0]

    A last round that is not full is completed with the first samples, so that all processes take equally many steps.

    Source: accelerate 1.15 ``BatchSamplerShard``.
    """

    def __init__(
        self,
        batch_sampler: Any,
        num_processes: int = 1,
        process_index: int = 0,
        split_batches: bool = False,
        even_batches: bool = True,
        read: Callable[[Any], Iterator[Any]] = iter,
    ) -> None:
        """Take the part of ``process_index``.

        Args:    batch_sampler: any iterable of lists of indices; without a ``batch_size``, of any lengths.
                 even_batches: complete the last round; else processes may get short or fewer batches.
                 read: how to iterate the batch sampler.
        Raises:  ValueError if batches are to be split and do not divide by the number of processes.
        """
        self.batch_sampler = batch_sampler
        self.num_processes = num_processes
        self.process_index = process_index
        self.split_batches = split_batches
        self.even_batches = even_batches
        self.batch_size = getattr(batch_sampler, "batch_size", None)  # type: ignore[assignment]
        self.drop_last = getattr(batch_sampler, "drop_last", False)
        self.tail: Tail | None = None  # known once the last batch is handed out
        self._read = read
        if split_batches and (self.batch_size is None or self.batch_size % num_processes):
            raise ValueError(
                f"`split_batches` cuts a batch into {num_processes} equal parts, so the batch size ({self.batch_size}) "
                f"has to be a round multiple of {num_processes}."
            )

    @property
    def total_length(self) -> int:
        """The number of batches over all processes."""
        return len(self.batch_sampler)

    def __len__(self) -> int:
        if self.split_batches:
            return len(self.batch_sampler)
        rounds, rest = divmod(len(self.batch_sampler), self.num_processes)
        if rest == 0 or self.drop_last:
            return rounds
        return rounds + (self.even_batches or self.process_index < rest)

    def __iter__(self) -> Iterator[Any]:
        self.tail = None
        return self._parts() if self.split_batches else self._turns()

    def _parts(self) -> Iterator[Any]:
        """Cut each batch."""
        size = self.batch_size // self.num_processes
        part = slice(self.process_index * size, (self.process_index + 1) * size)
        first: list[Any] = []
        for batch in map(list, self._read(self.batch_sampler)):
            first = first or batch[:]
            if len(batch) < self.batch_size:
                if self.drop_last:
                    continue
                if self.even_batches:
                    self.tail = Tail(len(batch), self.batch_size)
                    batch.extend(self._filling(batch, itertools.cycle(first)))
            if batch[part]:
                yield batch[part]

    def _turns(self) -> Iterator[Any]:
        """Deal out whole batches in rounds; hold each round until it is known whether it is the last."""
        first: list[Any] = []
        held: list[Any] = []
        for batch in self._read(self.batch_sampler):
            if len(held) == self.num_processes:
                first = first or held
                yield held[self.process_index]
                held = []
            elif len(held) == self.num_processes - 1 and self._is_full(batch):
                first = first or [*held, batch]
                yield [*held, batch][self.process_index]
                held = []
                continue
            held.append(batch)
        if held and not self.drop_last:
            yield from self._last_turn(held, first or held)

    def _is_full(self, batch: Any) -> bool:
        return self.batch_size is None or len(batch) == self.batch_size

    def _last_turn(self, held: list[Any], first: list[Any]) -> Iterator[Any]:
        if not self.even_batches:
            yield from held[self.process_index : self.process_index + 1]
            return
        if self.batch_size is None:  # batches of any length: repeat whole ones
            spare = itertools.cycle(first)
            completed = held + [next(spare) for _ in range(self.num_processes - len(held))]
        else:
            spare = itertools.cycle(itertools.chain.from_iterable(first))
            missing = self.num_processes - len(held)
            completed = [[*batch, *self._filling(batch, spare)] for batch in held + [[]] * missing]
        self.tail = Tail(_rows(held), _rows(completed))
        yield completed[self.process_index]

    def _filling(self, batch: Any, spare: Iterator[Any]) -> list[Any]:
        return list(itertools.islice(spare, max(self.batch_size - len(batch), 0)))


def _rows(batches: list[Any]) -> int:
    """Count rows; an index that is a batch by itself counts as one."""
    return sum(len(batch) if isinstance(batch, Sized) else 1 for batch in batches)


class IterableDatasetShard(IterableDataset[Any]):
    """The samples of one process out of a stream that every process reads as a whole.

    Source: accelerate 1.15 ``IterableDatasetShard``.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        drop_last: bool = False,
        num_processes: int = 1,
        process_index: int = 0,
        split_batches: bool = False,
    ) -> None:
        """Take the part of ``process_index``.

        Args:    batch_size: of each process; with ``split_batches``, of all together. None: samples are batches.
        Raises:  ValueError if batches are to be split and do not divide by the number of processes.
        """
        batch_size = batch_size or 1
        if split_batches and batch_size > 1 and batch_size % num_processes:
            raise ValueError(
                f"`split_batches` cuts a batch into {num_processes} equal parts, so the batch size ({batch_size}) "
                f"has to be a round multiple of {num_processes}."
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.num_processes = num_processes
        self.process_index = process_index
        self.split_batches = split_batches
        self.epoch = 0
        self.tail: Tail | None = None  # known in this process only, not in a loader's workers

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch to the dataset too, if it wants to know."""
        self.epoch = epoch
        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(epoch)

    def __len__(self) -> int:
        rounds, rest = divmod(len(self.dataset), self.batch_size * self.num_processes)
        return (rounds + (rest > 0 and not self.drop_last)) * self.batch_size

    def __iter__(self) -> Iterator[Any]:
        self.tail = None
        generator = getattr(self.dataset, "generator", None)
        if isinstance(generator, torch.Generator) and not hasattr(self.dataset, "set_epoch"):
            generator.manual_seed(self.epoch)
        size = self.batch_size if self.split_batches else self.batch_size * self.num_processes
        own = size // self.num_processes
        part = slice(self.process_index * own, (self.process_index + 1) * own)
        stream, first = iter(self.dataset), None
        while held := list(itertools.islice(stream, size)):
            first = held if first is None else first
            if len(held) < size:
                if self.drop_last:
                    return
                self.tail = Tail(len(held), size)
                held += itertools.islice(itertools.cycle(list(first)), size - len(held))
            yield from held[part]
