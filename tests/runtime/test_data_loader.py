"""Accelerate's names for prepared loaders: what they answer to, and making one by hand."""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from runtime import Accelerator, DataLoaderConfiguration, UnsupportedError
from runtime.data_loader import (
    DataLoaderDispatcher,
    DataLoaderShard,
    DataLoaderStateMixin,
    SkipBatchSampler,
    SkipDataLoader,
    prepare_data_loader,
    skip_first_batches,
)

Pair = Callable[..., list[Any]]
needs_torchdata = pytest.mark.skipif(importlib.util.find_spec("torchdata") is None, reason="needs torchdata")


class Stream(IterableDataset[int]):
    """Samples without a length, each read by one worker."""

    def __init__(self, samples: int = 24) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[int]:
        worker = get_worker_info()
        yield from range(self.samples) if worker is None else range(worker.id, self.samples, worker.num_workers)


@pytest.mark.parametrize("dispatch", [None, False, True])
def test_prepared_loaders_answer_to_accelerates_names(dispatch: bool | None) -> None:
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(dispatch_batches=dispatch))
    loader = accelerator.prepare(DataLoader([1, 2, 3]))
    assert isinstance(loader, DataLoaderStateMixin)
    assert isinstance(loader, DataLoaderDispatcher) is bool(dispatch)
    assert isinstance(loader, DataLoaderShard) is not bool(dispatch)
    assert not isinstance(loader.base_dataloader, DataLoaderStateMixin)
    again = pickle.loads(pickle.dumps(loader))
    assert isinstance(again, DataLoaderDispatcher) is bool(dispatch) and [x.item() for x in again] == [1, 2, 3]
    rest = pickle.loads(pickle.dumps(skip_first_batches(loader, 1)))
    assert [x.item() for x in rest] == [2, 3]


def test_loaders_are_made_by_hand() -> None:
    shard = DataLoaderShard(range(6), batch_size=2, skip_batches=1, iteration=4)
    assert [batch.tolist() for batch in shard] == [[2, 3], [4, 5]] and shard.iteration == 5
    dispatched = DataLoaderDispatcher(range(4), batch_size=2)
    assert [dispatched.end_of_dataloader for _ in dispatched] == [False, True]
    drawn: list[float] = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(3)
        list(DataLoaderShard([1], rng_types=["generator"], synchronized_generator=generator))
        drawn.append(torch.rand(1, generator=generator).item())
    assert drawn[0] == drawn[1]
    skipping = SkipDataLoader(Stream(6), batch_size=2, skip_batches=2)
    assert [batch.tolist() for batch in skipping] == [[4, 5]] and skipping.base_dataloader is skipping
    sampler = SkipBatchSampler([[0, 1], [2], [3]], 2)
    assert list(sampler) == [[3]] and len(sampler) == 1


def test_a_loader_may_be_prepared_for_another_place() -> None:
    parts = [prepare_data_loader(DataLoader(list(range(5)), batch_size=1), None, 2, rank) for rank in (0, 1)]
    assert [[batch.item() for batch in part] for part in parts] == [[0, 2, 4], [1, 3, 0]]
    with pytest.raises(ValueError, match="requires `put_on_device=True`"):
        prepare_data_loader(DataLoader([1]), dispatch_batches=True)
    with pytest.raises(UnsupportedError, match="torch_device_mesh"):
        prepare_data_loader(DataLoader([1]), torch_device_mesh=object())


def _reversed_rows(batch: torch.Tensor, rows: slice, process_index: int, num_processes: int) -> torch.Tensor:
    return batch[rows].flip(0) + 100 * process_index


def check_slices() -> list[int]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(dispatch_batches=True))
    loader = accelerator.prepare_data_loader(DataLoader(list(range(8)), batch_size=2), None, _reversed_rows)
    return [int(value) for batch in loader for value in batch]


def test_a_function_of_the_users_cuts_dispatched_batches(pair: Pair) -> None:
    assert pair(check_slices) == [[1, 0, 5, 4], [103, 102, 107, 106]]


@needs_torchdata
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("streamed", [False, True], ids=["map", "stream"])
def test_a_stateful_loader_says_where_it_stands(workers: int, streamed: bool) -> None:
    accelerator = Accelerator(
        cpu=True,
        dataloader_config=DataLoaderConfiguration(use_stateful_dataloader=True),
        gradient_accumulation_steps=2,  # asks for the end of the loader, which reads a stream ahead
    )

    def make() -> Any:
        dataset = Stream() if streamed else list(range(24))
        return accelerator.prepare(DataLoader(dataset, batch_size=3, num_workers=workers))

    loader = make()
    assert loader.use_stateful_dataloader and loader.state_dict() == {}
    seen, state = [], None
    for step, batch in enumerate(loader):
        with accelerator.accumulate():
            seen.append(batch.tolist())
        assert accelerator.gradient_state.end_of_dataloader is (step == 7)
        if step == 2:
            state = loader.state_dict()
    other = make()
    other.load_state_dict(state)
    assert other.state_dict() == state, "until the next pass"
    ends = []
    for batch in other:
        seen.remove(batch.tolist())
        ends.append(accelerator.gradient_state.end_of_dataloader)
    assert len(seen) == 3 and ends == [False] * 4 + [True]


def check_stateful(dispatch: bool) -> list[Any]:
    config = DataLoaderConfiguration(use_stateful_dataloader=True, dispatch_batches=dispatch)
    accelerator = Accelerator(dataloader_config=config)
    loader = accelerator.prepare(DataLoader(Stream(), batch_size=2))
    seen, state = [], None
    for step, batch in enumerate(loader):
        seen.append(batch.tolist())
        if step == 1:
            state = loader.state_dict()
    loader.load_state_dict(state)
    return [seen[2:], [batch.tolist() for batch in loader]]


@needs_torchdata
@pytest.mark.parametrize("dispatch", [False, True], ids=["sharded", "dispatched"])
def test_stateful_streams_go_on_on_two_processes(pair: Pair, dispatch: bool) -> None:
    for expected, found in pair(check_stateful, dispatch=dispatch):
        assert found == expected and len(found) == 4
