"""Loaders on two processes: every sample once an epoch, one order for all, and metrics over real samples alone."""

from __future__ import annotations

import itertools
import pickle
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
)

from runtime import Accelerator, DataLoaderConfiguration, SettingsError

Pair = Callable[..., list[Any]]


class Stream(IterableDataset[int]):
    def __init__(self, samples: int) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.samples))


class Reshuffled(Sampler[int]):
    """Shuffles by Python's own stream, which has another seed in every process."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[int]:
        return iter(random.sample(range(self.samples), self.samples))

    def __len__(self) -> int:
        return self.samples


class Buckets:
    """A batch sampler without a batch size, whose batches have different lengths."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(range(self.samples))
        for length in [3, 1, 2, 3, 1, 2, 3, 1, 2]:
            if batch := list(itertools.islice(indices, length)):
                yield batch


class Texts(Dataset[Any]):
    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"text": f"t{index}", "row": torch.tensor([index, index])}


LOADERS: dict[str, Callable[[int], DataLoader[Any]]] = {
    "in order": lambda n: DataLoader(range(n), batch_size=3),
    "shuffled": lambda n: DataLoader(range(n), batch_size=3, shuffle=True),
    "shuffled by a generator": lambda n: DataLoader(range(n), batch_size=3, shuffle=True, generator=torch.Generator()),
    "with workers": lambda n: DataLoader(range(n), batch_size=3, shuffle=True, num_workers=2),
    "a subset": lambda n: DataLoader(range(2 * n), batch_size=3, sampler=SubsetRandomSampler(range(n))),
    "a sampler of its own kind": lambda n: DataLoader(range(n), batch_size=3, sampler=Reshuffled(n)),
    "a sampler for whole batches": lambda n: DataLoader(range(n), batch_sampler=BatchSampler(Reshuffled(n), 3, False)),
    "a batch sampler as sampler": lambda n: DataLoader(
        torch.arange(n), sampler=BatchSampler(SequentialSampler(range(n)), 3, False), batch_size=None
    ),
    "batches of any length": lambda n: DataLoader(range(n), batch_sampler=Buckets(n)),  # type: ignore[arg-type]
    "a stream": lambda n: DataLoader(Stream(n), batch_size=3),
}


def check_every_sample_once(kind: str, samples: int, options: dict[str, Any]) -> None:
    torch.manual_seed(torch.distributed.get_rank() if torch.distributed.is_initialized() else random.randrange(99))
    random.seed(None)
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(**options))
    loader = accelerator.prepare(LOADERS[kind](samples))
    orders = []
    for _ in range(2):
        rows: list[int] = []
        steps = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the processes did not agree
            for batch in loader:
                even = accelerator.pad_across_processes(batch, pad_index=-1)
                whole = (
                    batch.shape == even.shape and options.get("even_batches", True) and kind != "batches of any length"
                )
                rows += accelerator.gather_for_metrics(batch if whole else even).tolist()
                steps += 1
        assert len(set(accelerator._backend.gather_objects(steps))) == 1, "every process takes equally many steps"
        rows = [row for row in rows if row >= 0]
        orders.append(rows)
        assert sorted(set(rows)) == list(range(samples)), "every sample is read"
        if kind != "batches of any length":
            assert len(rows) == samples, f"no sample is counted twice: {rows}"
    told = accelerator._backend.gather_objects(orders)
    assert told[0] == told[1]
    if "shuffled" in kind and samples > 5:
        assert orders[0] != orders[1] != list(range(samples)), "each epoch has an order of its own"


@pytest.mark.parametrize(
    ("kind", "samples"), [(kind, n) for kind in LOADERS for n in ([13] if kind == "with workers" else [12, 13, 4, 1])]
)
def test_every_sample_is_read_once_an_epoch(pair: Pair, kind: str, samples: int) -> None:
    pair(check_every_sample_once, kind=kind, samples=samples, options={})


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("a stream", {"dispatch_batches": False}),
        ("shuffled", {"dispatch_batches": True}),
        ("shuffled", {"use_seedable_sampler": True}),
    ],
    ids=["a stream that every process reads", "process 0 reads and sends", "by seed and epoch"],
)
@pytest.mark.parametrize("samples", [12, 13, 1])
def test_every_sample_is_read_once_by_other_ways(pair: Pair, kind: str, options: dict[str, Any], samples: int) -> None:
    pair(check_every_sample_once, kind=kind, samples=samples, options=options)


def check_batches_of_batches() -> list[Any]:
    batches = BatchSampler(SequentialSampler(range(8)), 2, False)
    loader = Accelerator().prepare(DataLoader(torch.arange(8), sampler=batches))
    return [batch.tolist() for batch in loader]


def test_batches_of_batches_are_dealt_out_too(pair: Pair) -> None:
    assert pair(check_batches_of_batches) == [[[[0, 1]], [[4, 5]]], [[[2, 3]], [[6, 7]]]]


def check_pickled() -> None:
    accelerator = Accelerator()
    loader = accelerator.prepare(DataLoader(range(12), batch_size=2, shuffle=True))
    again = pickle.loads(pickle.dumps(loader))
    assert sorted(accelerator.gather(torch.cat(list(again))).tolist()) == list(range(12))


def test_a_pickled_loader_keeps_its_part(pair: Pair) -> None:
    pair(check_pickled)


def check_blind_workers() -> list[str]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(dispatch_batches=False))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        accelerator.prepare(DataLoader(Stream(5), batch_size=2, num_workers=1))
    return [str(warning.message) for warning in caught]


def test_workers_that_hide_the_repeated_samples_are_told_of(pair: Pair) -> None:
    for messages in pair(check_blind_workers):
        assert (
            len(messages) == 1 and "cannot tell which samples" in messages[0] and "dispatch_batches=True" in messages[0]
        )


def check_split(dispatch: bool | None, streamed: bool) -> list[list[int]]:
    options = DataLoaderConfiguration(split_batches=True, dispatch_batches=dispatch)
    accelerator = Accelerator(dataloader_config=options)
    loader = accelerator.prepare(DataLoader(Stream(10) if streamed else range(10), batch_size=4))
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("dispatch", [True, False], ids=["dispatched", "sharded"])
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "indexed"])
def test_a_batch_is_split_between_the_processes(pair: Pair, dispatch: bool, streamed: bool) -> None:
    first, second = pair(check_split, dispatch=dispatch, streamed=streamed)
    assert first[:2] == [[0, 1], [4, 5]] and second[:2] == [[2, 3], [6, 7]]
    assert sorted({*first[2], *second[2]})[-2:] == [8, 9]
    assert len(first) == len(second) == 3


def check_uneven(samples: int) -> list[list[int]]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(even_batches=False))
    loader = accelerator.prepare(DataLoader(range(samples), batch_size=2))
    assert len(loader) == len(list(loader))
    return [batch.tolist() for batch in loader]


def test_uneven_batches_repeat_nothing(pair: Pair) -> None:
    assert pair(check_uneven, samples=5) == [[[0, 1], [4]], [[2, 3]]]


def check_strings(streamed: bool) -> list[Any]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(dispatch_batches=True))
    loader = accelerator.prepare(DataLoader(Texts(), batch_size=2))
    return [[batch["text"], batch["row"][:, 0].tolist()] for batch in loader]


def test_dispatched_batches_may_hold_text(pair: Pair) -> None:
    first, second = pair(check_strings, streamed=False)
    assert first == [[["t0", "t1"], [0, 1]], [["t4", "t5"], [4, 5]]]
    assert second == [[["t2", "t3"], [2, 3]], [["t6", "t0"], [6, 0]]]


class Growing(IterableDataset[Any]):
    """Each sample is longer than the last."""

    def __iter__(self) -> Iterator[torch.Tensor]:
        for length in range(1, 6):
            yield torch.full((1, length), length)


def check_shapes() -> list[int]:
    accelerator = Accelerator()
    loader = accelerator.prepare(DataLoader(Growing(), batch_size=None))
    ends = []
    widths = []
    for batch in loader:
        widths.append(batch.shape[1])
        ends.append(accelerator.gradient_state.end_of_dataloader)
    assert ends == [False] * (len(ends) - 1) + [True]
    return widths


def test_dispatched_batches_may_have_different_shapes(pair: Pair) -> None:
    assert pair(check_shapes) == [[1, 3, 5], [2, 4, 1]]


class Broken(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        yield 0
        raise OSError("disk on fire")


def check_reading_error() -> str:
    accelerator = Accelerator()
    try:
        list(accelerator.prepare(DataLoader(Broken(), batch_size=1)))
    except (OSError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def test_an_error_of_the_reader_reaches_every_process(pair: Pair) -> None:
    first, second = pair(check_reading_error)
    assert first == "OSError: disk on fire"
    assert second.startswith("RuntimeError: Process 0 failed to read") and "disk on fire" in second


def check_refusal() -> str:
    class Elsewhere(Sampler[int]):
        num_replicas = 2

        def __iter__(self) -> Iterator[int]:
            return iter(range(4))

        def __len__(self) -> int:
            return 4

    try:
        Accelerator().prepare(DataLoader(range(8), batch_size=2, sampler=Elsewhere()))  # type: ignore[arg-type]
    except SettingsError as error:
        return str(error)
    return "no error"


def test_somebodys_sampler_that_shards_already_is_refused(pair: Pair) -> None:
    for message in pair(check_refusal):
        assert "deals its samples out to 2 processes already" in message and "shuffle=True" in message


def check_left_over_sampler(nested: bool, exact: bool) -> list[Any]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(exact_scaling=exact))
    sampler: DistributedSampler[int] = DistributedSampler(range(13), seed=4)  # type: ignore[arg-type]
    batches = BatchSampler(sampler, 2, False)
    options = {"batch_sampler": batches} if nested else {"sampler": sampler, "batch_size": 2}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loader = accelerator.prepare(DataLoader(range(13), **options))
        orders = []
        for epoch in range(2):
            sampler.set_epoch(epoch)  # the script still does
            orders.append([row for batch in loader for row in accelerator.gather_for_metrics(batch).tolist()])
    return [orders, [str(warning.message) for warning in caught]]


@pytest.mark.parametrize("nested", [False, True], ids=["as sampler", "in a batch sampler"])
@pytest.mark.parametrize("exact", [False, True], ids=["usual batches", "exact scaling"])
def test_a_left_over_distributed_sampler_is_read_as_a_whole(pair: Pair, nested: bool, exact: bool) -> None:
    for orders, messages in pair(check_left_over_sampler, nested=nested, exact=exact):
        for epoch, order in enumerate(orders):
            generator = torch.Generator().manual_seed(4 + epoch)
            assert order == torch.randperm(13, generator=generator).tolist()
        assert len(messages) == 1 and "DistributedSampler deals its samples out to 2 processes already" in messages[0]
        assert "write `shuffle=True`" in messages[0]


def check_disagreement() -> list[str]:
    random.seed(None)
    accelerator = Accelerator()
    loader = accelerator.prepare(DataLoader(range(40), batch_size=2, sampler=Reshuffled(40)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            list(loader)
    return [str(warning.message) for warning in caught]


def test_samplers_that_disagree_are_told_of_once(pair: Pair) -> None:
    for messages in pair(check_disagreement):
        assert len(messages) == 1 and "gives every process another order" in messages[0] and "set_seed" in messages[0]


def check_metrics() -> list[str]:
    accelerator = Accelerator()
    loader = accelerator.prepare(DataLoader(range(5), batch_size=2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for batch in loader:
            rows, doubled, mean = accelerator.gather_for_metrics(
                (batch, torch.cat([batch, batch]), batch.float().mean())
            )
            names = accelerator.gather_for_metrics([f"s{row}" for row in batch.tolist()])
    assert rows.tolist() == [4] and names == ["s4"], "the one real sample of the last round"
    assert len(doubled) == 8 and len(mean) == 2, "what has no row for each sample is not cut"
    assert accelerator.gather_for_metrics(torch.ones(2)).tolist() == [1.0] * 4, "after the loop nothing is cut"
    return [str(warning.message) for warning in caught]


def test_metrics_leave_out_repeated_samples_and_warn_where_they_cannot(pair: Pair) -> None:
    for messages in pair(check_metrics):
        assert [message.split(" rows")[0] for message in messages] == [
            "`gather_for_metrics` got 8",
            "`gather_for_metrics` got 2",
        ]
        assert all("3 are repeated" in message for message in messages)


def check_nothing_drawn_but_the_seed() -> None:
    """A process that draws more than the others between epochs still reads the same order."""
    torch.manual_seed(3)
    accelerator = Accelerator()
    loader = accelerator.prepare(DataLoader(range(16), batch_size=2, shuffle=True))
    for _ in range(2):
        if accelerator.process_index:
            torch.randn(7)
        rows = accelerator.gather(torch.cat(list(loader)))
        assert sorted(rows.tolist()) == list(range(16))


def test_the_order_does_not_depend_on_what_a_process_draws(pair: Pair) -> None:
    pair(check_nothing_drawn_but_the_seed)


def check_lengths() -> list[int]:
    accelerator = Accelerator()
    loaders = (
        DataLoader(range(10), batch_size=4),
        DataLoader(range(10), batch_size=4, drop_last=True),
        DataLoader(range(13), batch_size=4),
    )
    dispatched = Accelerator(dataloader_config=DataLoaderConfiguration(dispatch_batches=True))
    prepared = [accelerator.prepare(loader) for loader in loaders] + [dispatched.prepare(loader) for loader in loaders]
    for loader in prepared:
        assert len(loader) == len(list(loader))
        assert loader.total_batch_size == 8 and loader.batch_size == 4
    return [len(loader) for loader in prepared]


def test_lengths_are_those_of_one_process(pair: Pair) -> None:
    assert pair(check_lengths) == [[2, 1, 2, 2, 1, 2]] * 2
