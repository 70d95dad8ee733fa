"""Exact scaling: two and three processes take the path of one, step for step."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from runtime import Accelerator, DataLoaderConfiguration, SettingsError
from runtime.portion import Portion

Teams = Callable[[int], Callable[..., list[Any]]]


class Points(Dataset[Any]):
    """A row is its index, four numbers and a label."""

    def __init__(self, samples: int) -> None:
        generator = torch.Generator().manual_seed(11)
        self.x = torch.randn(samples, 4, generator=generator)
        self.y = torch.randint(3, (samples,), generator=generator)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[int, torch.Tensor, torch.Tensor]:
        return int(index), self.x[index], self.y[index]


class Stream(IterableDataset[Any]):
    def __init__(self, samples: int) -> None:
        self.points = Points(samples)

    def __iter__(self) -> Iterator[Any]:
        return (self.points[index] for index in range(len(self.points)))


class Halving(Sampler[int]):
    """A user's own: odd indices, then even ones, rotated at each pass."""

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.passes = 0

    def __iter__(self) -> Iterator[int]:
        self.passes += 1
        order = [*range(1, self.samples, 2), *range(0, self.samples, 2)]
        return iter(order[self.passes :] + order[: self.passes])

    def __len__(self) -> int:
        return self.samples


class Ready(Dataset[Any]):
    """Every item is a batch already."""

    def __init__(self, samples: int) -> None:
        self.points = Points(samples)

    def __len__(self) -> int:
        return math.ceil(len(self.points) / 4)

    def __getitem__(self, index: int) -> Any:
        rows = torch.arange(4 * index, min(4 * index + 4, len(self.points)))
        return rows, self.points.x[rows], self.points.y[rows]


LOADERS: dict[str, Callable[[int, int], DataLoader[Any]]] = {
    "shuffled": lambda n, size: DataLoader(Points(n), batch_size=size, shuffle=True),
    "in order": lambda n, size: DataLoader(Points(n), batch_size=size),
    "with workers": lambda n, size: DataLoader(Points(n), batch_size=size, shuffle=True, num_workers=2),
    "lasting workers": lambda n, size: DataLoader(
        Points(n), batch_size=size, shuffle=True, num_workers=1, persistent_workers=True
    ),
    "without its tail": lambda n, size: DataLoader(Points(n), batch_size=size, shuffle=True, drop_last=True),
    "by a generator": lambda n, size: DataLoader(
        Points(n), batch_size=size, shuffle=True, generator=torch.Generator().manual_seed(8)
    ),
    "a random subset": lambda n, size: DataLoader(Points(2 * n), size, sampler=SubsetRandomSampler(range(n))),
    "weighted": lambda n, size: DataLoader(Points(n), size, sampler=WeightedRandomSampler([0.1, 0.9] * (n // 2), n)),
    "a sampler of its own": lambda n, size: DataLoader(Points(n), size, sampler=Halving(n)),
    "a batch sampler": lambda n, size: DataLoader(
        Points(n), batch_sampler=BatchSampler(RandomSampler(range(n)), size, False)
    ),
    "a stream": lambda n, size: DataLoader(Stream(n), batch_size=size),
    "ready batches": lambda n, size: DataLoader(Ready(n), batch_size=None, shuffle=True),
}


class ByHand:
    """What a plain script does on one process, under the Accelerator's names."""

    def __init__(self, gradient_accumulation_steps: int = 1) -> None:
        self.steps = gradient_accumulation_steps

    def prepare(self, *args: Any) -> Any:
        return args

    def gather_for_metrics(self, data: Any) -> Any:
        return data


def _train(accelerator: Any, kind: str, samples: int, size: int, steps: int, clip: float | None) -> dict[str, Any]:
    """Train two epochs by Adam with a rate for each step; the same source for one process and for many."""
    torch.manual_seed(3)
    without_optimizer = isinstance(accelerator, ByHand)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    loader = LOADERS[kind](samples, size)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.97**step)
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    seen: dict[str, Any] = {"order": [], "losses": [], "rates": [], "norms": [], "lengths": []}
    for _ in range(2):
        batches = list(loader) if without_optimizer else loader  # the end is known by hand too
        for index, (own, x, y) in enumerate(batches):
            if without_optimizer:
                ends = (index + 1) % steps == 0 or index + 1 == len(batches)
                loss = nn.functional.cross_entropy(model(x), y)
                (loss / steps).backward()
            else:
                with accelerator.accumulate(model):
                    loss = nn.functional.cross_entropy(model(x), y)
                    accelerator.backward(loss)
                    ends = accelerator.sync_gradients
            single = nn.functional.cross_entropy(model(x), y, reduction="none").detach()
            rows, single = accelerator.gather_for_metrics((own, single))
            seen["order"] += rows.tolist()
            seen["losses"].append(single.mean().item())
            if ends:
                if clip is not None:
                    seen["norms"].append(float(nn.utils.clip_grad_norm_(model.parameters(), clip)))
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
                seen["rates"].append(scheduler.get_last_lr()[0])
        if kind != "a stream":
            seen["lengths"].append(len(loader))
    seen["parameters"] = [value for p in model.parameters() for value in p.flatten().tolist()]
    return seen


def check_training(**program: Any) -> dict[str, Any]:
    accelerator = Accelerator(
        gradient_accumulation_steps=program["steps"],
        dataloader_config=DataLoaderConfiguration(exact_scaling=True),
    )
    if accelerator.process_index:
        torch.randn(5)  # nobody's stream has to be in step
    return _train(accelerator, **program)


def _assert_same_path(told: list[dict[str, Any]], alone: dict[str, Any]) -> None:
    for rank, seen in enumerate(told):
        assert seen["order"] == alone["order"], f"process {rank}"
        assert seen["lengths"] == alone["lengths"] and seen["rates"] == alone["rates"]
        for name in ("losses", "norms", "parameters"):
            assert seen[name] == pytest.approx(alone[name], rel=0, abs=1e-6), f"{name} of process {rank}"


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("kind", LOADERS)
def test_processes_take_the_path_of_one(team: Teams, processes: int, kind: str) -> None:
    program = {"kind": kind, "samples": 38, "size": 4, "steps": 1, "clip": None}
    if kind == "shuffled":
        program["samples"] = 37  # a tail of one row: smaller than either world
    _assert_same_path(team(processes)(check_training, **program), _train(ByHand(), **program))


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize(
    ("samples", "size", "steps", "clip"),
    [(36, 6, 1, None), (37, 5, 1, 0.3), (38, 5, 3, 0.3), (31, 10, 4, None), (5, 8, 1, 0.1), (7, 1, 2, None)],
    ids=["even", "uneven", "accumulated and clipped", "accumulated over a tail", "less than a batch", "batches of one"],
)
def test_batches_of_any_length(
    team: Teams, processes: int, samples: int, size: int, steps: int, clip: float | None
) -> None:
    program = {"kind": "shuffled", "samples": samples, "size": size, "steps": steps, "clip": clip}
    alone = _train(ByHand(steps), **program)
    _assert_same_path(team(processes)(check_training, **program), alone)
    assert sorted(alone["order"]) == sorted(2 * list(range(samples)))


def check_usual_batches() -> list[float]:
    accelerator = Accelerator()
    return _train(accelerator, "shuffled", 37, 5, 1, None)["parameters"]


def test_without_it_the_path_is_another(team: Teams) -> None:
    alone = _train(ByHand(), "shuffled", 37, 5, 1, None)["parameters"]
    away = max(abs(mine - their) for mine, their in zip(team(2)(check_usual_batches)[0], alone, strict=True))
    assert away > 1e-2, "so that the comparison above can fail"


@pytest.mark.parametrize("total", range(8))
@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_portions_make_up_the_batch(total: int, processes: int) -> None:
    portions = [Portion(total, processes, rank) for rank in range(processes)]
    batch = list(range(total))
    assert [row for rank, portion in enumerate(portions) for row in batch[portion.rows(rank)]] == batch
    assert sum(portion.weight for portion in portions) == pytest.approx(processes)
    for portion in portions:
        assert len(portion.part(batch)) == portion.held(portion.rank) == max(portion.count(portion.rank), min(total, 1))
    assert max(p.count(p.rank) for p in portions) - min(p.count(p.rank) for p in portions) <= 1


def check_metrics(streamed: bool) -> list[Any]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(exact_scaling=True))
    data: Any = Stream(8) if streamed else Points(8)
    loader = accelerator.prepare(DataLoader(data, batch_size=7))
    assert streamed or len(loader) == 2
    assert loader.total_batch_size == 7 == loader.batch_size
    seen = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for rows, x, _ in loader:
            nested = accelerator.gather_for_metrics({"rows": rows, "x": (x, x.half())})
            assert nested["x"][0].shape == (len(nested["rows"]), 4) and nested["x"][1].dtype == torch.float16
            names = accelerator.gather_for_metrics([f"row {row}" for row in rows.tolist()])
            ragged = accelerator.gather_for_metrics(rows, use_gather_object=True)
            mean = accelerator.gather_for_metrics(x.mean())
            assert [int(row) for row in ragged] == nested["rows"].tolist() and len(mean) == accelerator.num_processes
            seen.append([nested["rows"].tolist(), names, accelerator.gradient_state.end_of_dataloader])
    return [seen, [str(warning.message) for warning in caught]]


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("streamed", [False, True], ids=["by index", "a stream"])
def test_metrics_count_every_sample_once_and_in_order(team: Teams, processes: int, streamed: bool) -> None:
    for seen, warned in team(processes)(check_metrics, streamed=streamed):
        assert [rows for rows, _, _ in seen] == [list(range(7)), [7]]
        assert [names for _, names, _ in seen] == [[f"row {row}" for row in range(7)], ["row 7"]]
        assert [ends for _, _, ends in seen] == [False, True]
        assert len(set(warned)) == 1 and "Gather one row for each sample" in warned[0] and "shape ()" in warned[0]


def check_resumed(workers: int, folder: str) -> list[list[int]]:
    """Leave an epoch in its middle, and go on from a checkpoint; then the next epoch."""
    torch.manual_seed(5)
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(exact_scaling=True))
    model = accelerator.prepare(nn.Linear(4, 1, bias=False))
    loader = accelerator.prepare(DataLoader(Points(37), batch_size=5, shuffle=True, num_workers=workers))
    orders: list[list[int]] = []

    def read(source: Any, leave_at: int | None = None) -> None:
        orders.append([])
        for index, (rows, x, _) in enumerate(source):
            orders[-1] += accelerator.gather_for_metrics(rows).tolist()
            model.zero_grad()
            accelerator.backward(model(x).mean())
            whole = Points(37).x[orders[-1][-min(5, len(orders[-1])) :]] if len(x) > 1 else None
            if whole is not None and len(x) == 3:  # the process with the longer portion of a full batch
                torch.testing.assert_close(model.weight.grad[0], whole.mean(dim=0))
            if index == leave_at:
                accelerator.save_state(folder)
                break
        assert not accelerator.gradient_state.in_dataloader, "a pass that was left is over at once"

    read(loader, leave_at=2)
    read(accelerator.skip_first_batches(loader, 3))
    read(loader)
    accelerator.load_state(folder)
    read(accelerator.skip_first_batches(loader, 3))
    read(loader)
    return orders


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_epoch_goes_on(team: Teams, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = team(2)(check_resumed, workers=workers, folder=folder)
    assert told[0] == told[1]
    begun, _, _, resumed, following = told[0]
    assert sorted(begun + resumed) == list(range(37)) and sorted(following) == list(range(37))
    torch.manual_seed(5)
    nn.Linear(4, 1, bias=False)
    alone = DataLoader(Points(37), batch_size=5, shuffle=True, num_workers=workers)
    assert begun + resumed == [row for rows, _, _ in alone for row in rows.tolist()]
    assert following == [row for rows, _, _ in alone for row in rows.tolist()]


def check_loss_beside_a_loop() -> list[float]:
    """An evaluation inside the training loop, one batch kept for all steps, and a loss that has no batch."""
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(exact_scaling=True))
    weight = nn.Linear(1, 1, bias=False)
    nn.init.ones_(weight.weight)
    model = accelerator.prepare(weight)
    data = torch.arange(1.0, 6.0)[:, None]
    train, test = (accelerator.prepare(DataLoader(data[:n], batch_size=n)) for n in (5, 4))
    gradients = []

    def note(loss: torch.Tensor) -> None:
        model.zero_grad()
        accelerator.backward(loss)
        gradients.append(weight.weight.grad.item())

    for x in train:
        for _ in test:
            break
        assert accelerator.gradient_state.active_dataloader is train, "a pass that was left is over at once"
        note(model(x).mean())
    x = next(iter(train))
    note(model(x).mean())
    note(model.weight.square().sum())
    return gradients


@pytest.mark.parametrize("processes", [2, 3])
def test_the_loss_counts_by_the_batch_that_it_is_of(team: Teams, processes: int) -> None:
    for gradients in team(processes)(check_loss_beside_a_loop):
        assert gradients == pytest.approx([3.0, 3.0, 2.0])


def check_warnings() -> list[str]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(exact_scaling=True))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = accelerator.prepare(nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1)))
        data = torch.ones(7, 1)
        first, second = (accelerator.prepare(DataLoader(data, batch_size=n)) for n in (7, 6))
        for x, z in zip(first, second, strict=False):
            accelerator.backward(model(x).mean() + model(z).mean())
            accelerator.backward(model(x).mean() + model(z).mean())
    return [str(warning.message) for warning in caught]


def test_what_cannot_be_exact_is_told_of_once(team: Teams) -> None:
    for messages in team(2)(check_warnings):
        assert len(messages) == 2
        assert "1 BatchNorm1d, which normalise by the rows of one process" in messages[0]
        assert "Two loaders are read at once" in messages[1]


def check_refusals() -> list[str]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(exact_scaling=True))
    graph = [(torch.ones(5, 2), torch.ones(2, 9))]

    def refusal(loader: DataLoader[Any]) -> str:
        try:
            list(accelerator.prepare(loader))
        except (SettingsError, RuntimeError) as error:
            return str(error)
        return "no error"

    return [
        refusal(DataLoader(Points(8), batch_size=2, num_workers=1, in_order=False)),
        refusal(DataLoader(graph, batch_size=None)),  # type: ignore[arg-type]
    ]


def test_batches_that_cannot_be_shared_are_refused(team: Teams) -> None:
    for unordered, ragged in team(2)(check_refusals):
        assert "leave out `in_order=False`" in unordered
        assert "finds [2, 5] rows in its tensors" in ragged


def test_it_does_not_go_with_split_batches() -> None:
    with pytest.raises(SettingsError, match="Leave out `split_batches`"):
        DataLoaderConfiguration(exact_scaling=True, split_batches=True)


def test_one_process_alone_reads_its_own_loader() -> None:
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(exact_scaling=True))
    before = torch.get_rng_state()
    source = DataLoader(Points(5), batch_size=2, shuffle=True)
    loader = accelerator.prepare(source)
    assert torch.equal(torch.get_rng_state(), before)
    assert loader.base_dataloader is source and len(loader) == 3
