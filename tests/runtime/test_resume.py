"""Going on in the middle of an epoch, after a kill: the very next batch, and the same numbers to the end."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, WeightedRandomSampler

from runtime import Accelerator, AcceleratorState, DataLoaderConfiguration, GradientState, set_seed, skip_first_batches
from runtime.position import Position

Pair = Callable[..., list[Any]]
SAMPLES = 24


class Augmented(Dataset[torch.Tensor]):
    """Draws from every random stream there is, and notes what was read."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> torch.Tensor:
        self.read.append(index)
        noise = torch.rand(()) + random.random() + numpy.random.rand()
        return torch.stack([torch.tensor(float(index)), noise])


class Stream(IterableDataset[torch.Tensor]):
    """The same, of a length that nobody knows."""

    def __iter__(self) -> Iterator[torch.Tensor]:
        for index in range(SAMPLES):
            yield torch.stack([torch.tensor(float(index)), torch.rand(()) + random.random()])


def _seed_worker(_: int) -> None:
    random.seed(torch.initial_seed() % 2**32)
    numpy.random.seed(torch.initial_seed() % 2**32)


def _own_generator() -> torch.Generator:
    return torch.Generator().manual_seed(11)


LOADERS: dict[str, Callable[[], DataLoader[Any]]] = {
    "shuffled": lambda: DataLoader(Augmented(), batch_size=2, shuffle=True),
    "with workers": lambda: DataLoader(
        Augmented(), batch_size=2, shuffle=True, num_workers=2, worker_init_fn=_seed_worker
    ),
    "with a generator": lambda: DataLoader(Augmented(), batch_size=2, shuffle=True, generator=_own_generator()),
    "weighted": lambda: DataLoader(
        Augmented(), batch_size=2, sampler=WeightedRandomSampler(torch.rand(SAMPLES).tolist(), SAMPLES)
    ),
    "a stream": lambda: DataLoader(Stream(), batch_size=2),
    "a stream with workers": lambda: DataLoader(Stream(), batch_size=2, num_workers=2, worker_init_fn=_seed_worker),
}


class Run:
    """A training script with dropout, an evaluation within the epoch, and a checkpoint in the middle of one."""

    def __init__(self, loader: Callable[[], DataLoader[Any]], **options: Any) -> None:
        AcceleratorState._reset_state()
        GradientState._reset_state()
        self.accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(**options))
        set_seed(5)
        net = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        evaluation = DataLoader(Augmented(), batch_size=8, shuffle=True)
        self.model, self.optimizer, self.loader, self.evaluation = self.accelerator.prepare(
            net, optimizer, loader(), evaluation
        )
        self.seen: list[Any] = []

    def step(self, batch: torch.Tensor) -> None:
        self.accelerator.backward(self.model(batch).sum())
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.seen.append(batch.tolist())

    def train(self, epochs: int, start: tuple[int, int] = (0, 0), save_at: tuple[int, int, Path] | None = None) -> None:
        for epoch in range(start[0], epochs):
            skipped = start[1] if epoch == start[0] else 0
            loader = self.accelerator.skip_first_batches(self.loader, skipped) if skipped else self.loader
            for step, batch in enumerate(loader, skipped + 1):
                self.step(batch)
                if step % 3 == 0:
                    self.seen.append(sum(rows[:, 1].sum().item() for rows in self.evaluation))
                if save_at is not None and (epoch, step) == save_at[:2]:
                    self.accelerator.save_state(save_at[2])
                    self.seen.append("saved")

    def result(self) -> list[Any]:
        """The parameters, and where the random streams stand; to be asked before another run begins."""
        return [parameter.tolist() for parameter in self.model.parameters()] + [torch.rand(1).item(), random.random()]

    def rest(self) -> list[Any]:
        """What came after the checkpoint, if there was one, with the result."""
        first = self.seen.index("saved") + 1 if "saved" in self.seen else 0
        return self.seen[first:] + self.result()


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("at", [(0, 1), (1, 7)], ids=["first epoch", "second epoch"])
def test_a_resumed_run_ends_as_an_uninterrupted_one(tmp_path: Path, name: str, at: tuple[int, int]) -> None:
    whole = Run(LOADERS[name])
    whole.train(3, save_at=(*at, tmp_path / "c"))
    expected = whole.rest()
    resumed = Run(LOADERS[name])
    torch.rand(17), random.random()  # a new process stands elsewhere in its streams
    resumed.accelerator.load_state(tmp_path / "c")
    resumed.train(3, start=at)
    assert resumed.rest() == expected


def test_a_run_that_is_killed_twice_goes_on(tmp_path: Path) -> None:
    whole = Run(LOADERS["shuffled"])
    whole.train(2, save_at=(0, 4, tmp_path / "c"))
    expected = whole.rest()
    once = Run(LOADERS["shuffled"])
    once.accelerator.load_state(tmp_path / "c")
    once.train(1, start=(0, 4), save_at=(0, 9, tmp_path / "c"))
    twice = Run(LOADERS["shuffled"])
    twice.accelerator.load_state(tmp_path / "c")
    twice.train(2, start=(0, 9))
    found = twice.rest()
    assert found == expected[-len(found) :]


def test_samples_that_are_left_out_are_not_read(tmp_path: Path) -> None:
    whole = Run(LOADERS["shuffled"])
    whole.train(1, save_at=(0, 9, tmp_path / "c"))
    resumed = Run(LOADERS["shuffled"])
    resumed.accelerator.load_state(tmp_path / "c")
    resumed.train(1, start=(0, 9))
    assert len(resumed.loader.dataset.read) == SAMPLES - 18


def test_a_checkpoint_at_the_end_of_an_epoch_starts_the_next(tmp_path: Path) -> None:
    whole = Run(LOADERS["with a generator"])
    whole.train(1)
    whole.accelerator.save_state(tmp_path / "c")
    whole.seen.append("saved")
    whole.train(2, start=(1, 0))
    expected = whole.rest()
    resumed = Run(LOADERS["with a generator"])
    resumed.accelerator.load_state(tmp_path / "c")
    resumed.train(2, start=(1, 0))
    assert resumed.loader.iteration == 2
    assert resumed.rest() == expected


def test_a_seeded_order_goes_on_by_its_epoch(tmp_path: Path) -> None:
    options = {"use_seedable_sampler": True}
    whole = Run(LOADERS["shuffled"], **options)
    whole.train(3, save_at=(1, 5, tmp_path / "c"))
    expected = whole.rest()
    resumed = Run(LOADERS["shuffled"], **options)
    resumed.accelerator.load_state(tmp_path / "c")
    resumed.train(3, start=(1, 5))
    assert resumed.rest() == expected


@pytest.mark.skipif(importlib.util.find_spec("torchdata") is None, reason="needs torchdata")
@pytest.mark.parametrize("name", ["shuffled", "with workers", "a stream"])
def test_a_stateful_loader_goes_on_by_itself(tmp_path: Path, name: str) -> None:
    options = {"use_stateful_dataloader": True}
    whole = Run(LOADERS[name], **options)
    whole.train(3, save_at=(1, 5, tmp_path / "c"))
    resumed = Run(LOADERS[name], **options)
    resumed.accelerator.load_state(tmp_path / "c")
    for batch in resumed.loader:
        resumed.step(batch)
    after = whole.seen[whole.seen.index("saved") + 1 :]
    order = [[row[0] for row in batch] for batch in after if isinstance(batch, list)]
    assert [[row[0] for row in batch] for batch in resumed.seen] == order[: len(resumed.seen)]
    assert len(resumed.seen) == SAMPLES // 2 - 5


def test_loading_without_skipping_begins_the_epoch_anew(tmp_path: Path) -> None:
    whole = Run(LOADERS["shuffled"])
    whole.train(1, save_at=(0, 4, tmp_path / "c"))
    resumed = Run(LOADERS["shuffled"])
    resumed.accelerator.load_state(tmp_path / "c")
    resumed.train(1)
    assert len([one for one in resumed.seen if isinstance(one, list)]) == SAMPLES // 2, "as with Accelerate"
    assert isinstance(resumed.loader._interrupted, Position)


def test_skipping_keeps_the_kind_and_the_epoch_of_a_loader() -> None:
    accelerator = Accelerator(cpu=True)
    loader = accelerator.prepare(DataLoader(list(range(16)), batch_size=4))
    loader.set_epoch(3)
    rest = accelerator.skip_first_batches(loader, 2)
    assert type(rest) is type(loader) and rest.iteration == 3 and len(rest) == 2 and len(loader) == 4
    ends = [rest.end_of_dataloader for _ in rest]
    assert ends == [False, True] and loader.iteration == rest.iteration == 4
    assert [batch.tolist() for batch in rest] == [[8, 9, 10, 11], [12, 13, 14, 15]], "in every pass"
    assert [batch.tolist() for batch in skip_first_batches(rest, 1)] == [[12, 13, 14, 15]]
    plain = skip_first_batches(DataLoader(list(range(6)), batch_size=2), 1)
    assert type(plain) is DataLoader and [batch.tolist() for batch in plain] == [[2, 3], [4, 5]]
    stream = skip_first_batches(DataLoader(Stream(), batch_size=8), 2)
    assert [batch[:, 0].tolist() for batch in stream] == [[float(index) for index in range(16, 24)]]


def check_resume(folder: str, part: str, **options: Any) -> list[Any]:
    run = Run(LOADERS["with workers" if options.pop("workers", False) else "shuffled"], **options)
    if part == "whole":
        run.train(2, save_at=(0, 2, Path(folder)))
        return run.rest()
    run.accelerator.load_state(folder)
    run.train(2, start=(0, 2))
    return run.rest()


@pytest.mark.parametrize(
    "options",
    [{}, {"workers": True}, {"dispatch_batches": True}, {"split_batches": True}],
    ids=["sharded", "with workers", "dispatched", "split"],
)
def test_two_processes_go_on_as_they_would_have(pair: Pair, tmp_path: Path, options: dict[str, Any]) -> None:
    whole = pair(check_resume, folder=str(tmp_path / "c"), part="whole", **options)
    assert pair(check_resume, folder=str(tmp_path / "c"), part="resumed", **options) == whole


def check_load(folder: str) -> list[Any]:
    run = Run(LOADERS["shuffled"])
    run.accelerator.load_state(folder)
    return [parameter.tolist() for parameter in run.model.parameters()]


def test_a_checkpoint_of_two_processes_is_loaded_by_one(pair: Pair, tmp_path: Path) -> None:
    pair(check_resume, folder=str(tmp_path / "c"), part="whole")
    with pytest.warns(UserWarning, match="saved by 2 processes in the middle of an epoch, and this run has 1"):
        alone = check_load(str(tmp_path / "c"))
    assert pair(check_load, folder=str(tmp_path / "c")) == [alone, alone]
