"""A prepared loader on one process: still the user's DataLoader, and it knows which batch is the last."""

from __future__ import annotations

import gc
import pickle
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler

from runtime import Accelerator, DataLoaderConfiguration


class Stream(IterableDataset[int]):
    """Notes what was fetched."""

    def __init__(self, samples: int = 5) -> None:
        self.samples = samples
        self.fetched: list[int] = []

    def __iter__(self) -> Iterator[int]:
        for index in range(self.samples):
            self.fetched.append(index)
            yield index


class Subclass(DataLoader[Any]):
    """A loader that yields what its class says."""

    flavour = "own"

    def __iter__(self) -> Any:
        for batch in super().__iter__():
            yield batch + 100


def _prepare(loader: DataLoader[Any], **options: Any) -> Any:
    return Accelerator(cpu=True, **options).prepare(loader)


def test_it_is_a_data_loader_in_every_respect() -> None:
    raw = DataLoader(range(10), batch_size=4, drop_last=True, num_workers=0)
    loader = _prepare(raw)
    assert isinstance(loader, DataLoader)
    assert (len(loader), loader.batch_size, loader.dataset, loader.drop_last) == (2, 4, range(10), True)
    assert loader.sampler is raw.sampler and loader.batch_sampler is raw.batch_sampler
    loader.collate_fn = sum  # some scripts exchange it between epochs
    assert raw.collate_fn is sum and list(loader) == [6, 22]
    with pytest.raises(ValueError, match="batch_size"):
        loader.batch_size = 3


def test_a_subclass_keeps_its_ways() -> None:
    loader = _prepare(Subclass(range(4), batch_size=2))
    assert isinstance(loader, Subclass) and loader.flavour == "own"
    assert torch.cat(list(loader)).tolist() == [100, 101, 102, 103]


def test_it_is_not_prepared_twice() -> None:
    accelerator, raw = Accelerator(cpu=True), DataLoader(range(4))
    loader = accelerator.prepare(raw)
    assert accelerator.prepare(loader) is loader, "the prepared one"
    with pytest.warns(UserWarning, match="has got this DataLoader before"):
        assert accelerator.prepare(raw) is loader, "the raw one again"
    assert Accelerator(cpu=True).prepare(loader) is loader, "by another Accelerator"


def test_it_can_be_pickled_and_read_again() -> None:
    loader = _prepare(DataLoader(range(6), batch_size=4))
    next(iter(loader))
    again = pickle.loads(pickle.dumps(loader))
    assert isinstance(again, DataLoader)
    assert torch.cat(list(again)).tolist() == list(range(6))
    assert vars(again.gradient_state) is vars(loader.gradient_state), "one state for the process"


@pytest.mark.parametrize("samples", [1, 4, 9])
@pytest.mark.parametrize("streamed", [False, True], ids=["indexed", "streamed"])
def test_the_last_batch_is_known_while_it_is_used(samples: int, streamed: bool) -> None:
    loader = _prepare(DataLoader(Stream(samples) if streamed else range(samples), batch_size=4))
    for _ in range(2):
        ends = [loader.gradient_state.end_of_dataloader for _ in loader]
        assert ends == [False] * (len(ends) - 1) + [True]
        assert not loader.gradient_state.in_dataloader


def test_nothing_is_fetched_ahead_unless_somebody_asks() -> None:
    stream = Stream()
    batches = iter(_prepare(DataLoader(stream, batch_size=2)))
    next(batches)
    assert stream.fetched == [0, 1]
    assert not batches.at_end
    assert stream.fetched == [0, 1, 2, 3], "one batch ahead, to be able to tell"
    assert not batches.at_end and len(stream.fetched) == 4, "asked twice, fetched once"
    assert next(batches).tolist() == [2, 3], "the batch that was fetched ahead"
    assert next(batches).tolist() == [4] and batches.at_end


def test_a_training_loop_without_accumulation_never_asks() -> None:
    stream = Stream()
    accelerator = Accelerator(cpu=True)
    loader = accelerator.prepare(DataLoader(stream, batch_size=2))
    for count, batch in enumerate(loader, start=1):
        with accelerator.accumulate():
            assert accelerator.gather_for_metrics(batch) is batch
            assert len(stream.fetched) == min(2 * count, 5)


def test_an_inner_loop_is_active_until_it_ends() -> None:
    accelerator = Accelerator(cpu=True)
    outer, inner = accelerator.prepare(DataLoader(range(3)), DataLoader(range(2)))
    state = accelerator.gradient_state
    ends = []
    for _ in outer:
        assert state.active_dataloader is outer
        ends.append([state.end_of_dataloader for _ in inner])
        assert state.active_dataloader is outer
    assert ends == [[False, True]] * 3


def test_a_loop_that_is_left_early_is_over() -> None:
    accelerator = Accelerator(cpu=True)
    loader = accelerator.prepare(DataLoader(range(3)))
    for _ in loader:
        break
    assert not accelerator.gradient_state.in_dataloader
    assert [accelerator.gradient_state.end_of_dataloader for _ in loader] == [False, False, True]


def test_an_abandoned_loader_is_freed() -> None:
    loader = _prepare(DataLoader(range(3)))
    batches = iter(loader)
    next(batches)
    reference = weakref.ref(loader)
    Accelerator(cpu=True).free_memory()
    del loader, batches
    gc.collect()
    assert reference() is None


def test_the_iterator_has_the_length_of_the_loader() -> None:
    assert len(iter(_prepare(DataLoader(range(7), batch_size=2)))) == 4


class Epochs(Sampler[int]):
    """Hears of epochs."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def set_epoch(self, epoch: int) -> None:
        self.heard.append(epoch)

    def __iter__(self) -> Iterator[int]:
        return iter(range(4))

    def __len__(self) -> int:
        return 4


class EpochData(Dataset[int]):
    def __init__(self) -> None:
        self.heard: list[int] = []

    def set_epoch(self, epoch: int) -> None:
        self.heard.append(epoch)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        return index


def test_the_epoch_reaches_sampler_and_dataset_when_the_script_tells_it() -> None:
    sampler, data = Epochs(), EpochData()
    loader = _prepare(DataLoader(data, sampler=sampler, batch_size=2))
    list(loader)
    assert sampler.heard == data.heard == [], "a script that tells no epoch trains as without the Accelerator"
    loader.set_epoch(3)
    assert sampler.heard == data.heard == [3]


def test_objects_with_a_to_are_moved_and_structures_kept() -> None:
    from collections import namedtuple

    from runtime.tree import send_to_device

    Pair = namedtuple("Pair", "left right")

    class Graph:
        device = "cpu"

        def to(self, device: Any) -> Graph:
            self.device = str(device)
            return self

    data = Pair({"x": torch.zeros(2), "name": "n"}, [Graph(), (1, torch.ones(1))])
    moved = send_to_device(data, torch.device("meta"), non_blocking=True, skip_keys="name")
    assert type(moved) is Pair and moved.left["x"].is_meta and moved.left["name"] == "n"
    assert moved.right[0].device == "meta" and moved.right[1][0] == 1 and moved.right[1][1].is_meta
    assert not send_to_device(data.left, torch.device("meta"), skip_keys=["x"])["x"].is_meta


def test_a_stateful_loader_needs_torchdata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchdata", None)
    monkeypatch.setitem(sys.modules, "torchdata.stateful_dataloader", None)
    with pytest.raises(ImportError, match="Please install torchdata"):
        DataLoaderConfiguration(use_stateful_dataloader=True)
