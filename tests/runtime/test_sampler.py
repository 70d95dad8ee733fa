"""Shards of samplers: which samples each process reads, and which rows of the last round are real."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, IterableDataset

from runtime.sampler import BatchSamplerShard, IterableDatasetShard, SeedableRandomSampler, Tail


@dataclass(frozen=True)
class Case:
    name: str
    samples: int
    batch_size: int
    expected: list[list[list[int]]]
    options: dict[str, bool]
    drop_last: bool = False
    tail: Tail | None = None


CASES = [
    Case("rounds come out even", 8, 2, [[[0, 1], [4, 5]], [[2, 3], [6, 7]]], {}),
    Case("a short batch is filled", 7, 2, [[[0, 1], [4, 5]], [[2, 3], [6, 0]]], {}, tail=Tail(3, 4)),
    Case("a missing batch is made up", 6, 2, [[[0, 1], [4, 5]], [[2, 3], [0, 1]]], {}, tail=Tail(2, 4)),
    Case("a short and a missing batch", 5, 2, [[[0, 1], [4, 0]], [[2, 3], [1, 2]]], {}, tail=Tail(1, 4)),
    Case("fewer samples than a round", 1, 2, [[[0, 0]], [[0, 0]]], {}, tail=Tail(1, 4)),
    Case("no samples at all", 0, 2, [[], []], {}),
    Case("the last round is dropped", 7, 2, [[[0, 1]], [[2, 3]]], {}, drop_last=True),
    Case("uneven: a process gets less", 7, 2, [[[0, 1], [4, 5]], [[2, 3], [6]]], {"even_batches": False}),
    Case("uneven: a process gets nothing", 5, 2, [[[0, 1], [4]], [[2, 3]]], {"even_batches": False}),
    Case("batches are split", 8, 4, [[[0, 1], [4, 5]], [[2, 3], [6, 7]]], {"split_batches": True}),
    Case("split and filled", 5, 4, [[[0, 1], [4, 0]], [[2, 3], [1, 2]]], {"split_batches": True}, tail=Tail(1, 4)),
    Case("split and dropped", 7, 4, [[[0, 1]], [[2, 3]]], {"split_batches": True}, drop_last=True),
    Case("split and uneven", 5, 4, [[[0, 1], [4]], [[2, 3]]], {"split_batches": True, "even_batches": False}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_batches_are_dealt_out(case: Case) -> None:
    for rank, expected in enumerate(case.expected):
        shard = BatchSamplerShard(
            BatchSampler(range(case.samples), case.batch_size, case.drop_last), 2, rank, **case.options
        )
        assert list(shard) == expected
        assert shard.tail == case.tail
        longest = max(map(len, case.expected))  # a batch that is split counts everywhere, though it may be empty here
        assert len(shard) == (longest if case.options.get("split_batches") else len(expected))


class Batches:
    """A batch sampler of somebody's own."""

    def __init__(self, batches: list[list[int]], batch_size: int | None = None) -> None:
        self.batches = batches
        if batch_size is not None:
            self.batch_size = batch_size

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)


def test_batches_of_any_length_are_repeated_whole() -> None:
    batches = [[0], [1, 2], [3, 4, 5]]
    assert list(BatchSamplerShard(Batches(batches), 2, 0)) == [[0], [3, 4, 5]]
    shard = BatchSamplerShard(Batches(batches), 2, 1)
    assert list(shard) == [[1, 2], [0]]
    assert shard.tail == Tail(3, 4)


def test_a_short_batch_in_the_middle_is_not_taken_for_the_last() -> None:
    batches = [[0, 1], [2], [3, 4], [5, 6]]
    shards = [list(BatchSamplerShard(Batches(batches, batch_size=2), 2, rank)) for rank in (0, 1)]
    assert shards == [[[0, 1], [3, 4]], [[2], [5, 6]]]


def test_a_batch_size_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the batch size \(3\) has to be a round multiple of 2"):
        BatchSamplerShard(BatchSampler(range(9), 3, False), 2, 0, split_batches=True)


@settings(max_examples=300, deadline=None)
@given(
    samples=st.integers(0, 40),
    batch_size=st.integers(1, 5),
    processes=st.integers(1, 4),
    drop_last=st.booleans(),
    split=st.booleans(),
    even=st.booleans(),
)
def test_shards_are_those_of_accelerate(
    samples: int, batch_size: int, processes: int, drop_last: bool, split: bool, even: bool
) -> None:
    theirs = pytest.importorskip("accelerate.data_loader").BatchSamplerShard
    size = batch_size * processes if split else batch_size
    for rank in range(processes):
        arguments = (BatchSampler(range(samples), size, drop_last), processes, rank, split, even)
        assert list(BatchSamplerShard(*arguments)) == list(theirs(*arguments))
        assert len(BatchSamplerShard(*arguments)) == len(theirs(*arguments))


@settings(max_examples=200, deadline=None)
@given(samples=st.integers(0, 40), batch_size=st.integers(1, 5), processes=st.integers(1, 4), split=st.booleans())
def test_the_tail_tells_real_rows_from_repeated_ones(
    samples: int, batch_size: int, processes: int, split: bool
) -> None:
    size = batch_size * processes if split else batch_size
    shards = [
        BatchSamplerShard(BatchSampler(range(samples), size, False), processes, r, split) for r in range(processes)
    ]
    gathered: list[int] = []
    for batches in zip(*shards, strict=True):
        rows = [row for batch in batches for row in batch]
        tail = shards[0].tail
        gathered += rows[: tail.real] if tail is not None and len(gathered) + len(rows) > samples else rows
    assert gathered == list(range(samples))


class Stream(IterableDataset[int]):
    def __init__(self, samples: int) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.samples))


@settings(max_examples=300, deadline=None)
@given(
    samples=st.integers(0, 40),
    batch_size=st.integers(1, 5),
    processes=st.integers(1, 4),
    drop_last=st.booleans(),
    split=st.booleans(),
)
def test_streams_are_dealt_out_as_by_accelerate(
    samples: int, batch_size: int, processes: int, drop_last: bool, split: bool
) -> None:
    theirs = pytest.importorskip("accelerate.data_loader").IterableDatasetShard
    size = batch_size * processes if split else batch_size
    for rank in range(processes):
        arguments = (Stream(samples), size, drop_last, processes, rank, split)
        assert list(IterableDatasetShard(*arguments)) == list(theirs(*arguments))


class Shuffled(IterableDataset[int]):
    def __init__(self) -> None:
        self.generator = torch.Generator()

    def __iter__(self) -> Iterator[int]:
        return iter(torch.randperm(8, generator=self.generator).tolist())


def test_a_stream_with_a_generator_is_shuffled_by_the_epoch_alike_everywhere() -> None:
    def epoch(number: int) -> list[int]:
        shards = [IterableDatasetShard(Shuffled(), 2, num_processes=2, process_index=rank) for rank in (0, 1)]
        for shard in shards:
            shard.set_epoch(number)
        return [*shards[0], *shards[1]]

    assert sorted(epoch(0)) == sorted(epoch(1)) == list(range(8))
    assert epoch(0) == epoch(0) != epoch(1)


def test_a_seedable_sampler_can_be_told_its_epoch() -> None:
    def order(sampler: Any) -> list[int]:
        return list(sampler)

    first, second = SeedableRandomSampler(range(9), data_seed=3), SeedableRandomSampler(range(9), data_seed=3)
    orders = [order(first) for _ in range(3)]
    second.set_epoch(2)
    random.seed(0)
    torch.manual_seed(0)
    assert order(second) == orders[2] != orders[1]
