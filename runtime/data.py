"""Preparing data loaders: which part each process reads, and in which order."""

from __future__ import annotations

import copy
import functools
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from runtime.backend import Single
from runtime.errors import SettingsError
from runtime.loader import PreparedLoader
from runtime.state import GradientState


@dataclass
class DataLoaderConfiguration:
    """How `prepare` treats data loaders.

    Args:    split_batches: cut each batch into parts, one for each process; else each gets whole batches.
             dispatch_batches: process 0 alone reads, and sends each other its part. None: for iterable datasets.
             even_batches: complete the last round with the first samples, so that all take equally many steps.
             use_seedable_sampler: shuffle by ``data_seed`` and the epoch alone.
             data_seed: by default torch's initial seed.
             non_blocking: do not wait for copies to a GPU; from pinned memory they never are waited for.
             use_stateful_dataloader: make loaders torchdata's StatefulDataLoader, which goes on in the middle of an epoch
                 after `load_state`, by itself.
    """

    split_batches: bool = False
    dispatch_batches: bool | None = None
    even_batches: bool = True
    use_seedable_sampler: bool = False
    data_seed: int | None = None
    non_blocking: bool = False
    use_stateful_dataloader: bool = False

    def __post_init__(self) -> None:
        if self.use_stateful_dataloader:
            from runtime.stateful import stateful_class

            stateful_class()  # raises where torchdata is missing


def _replaced(loader: DataLoader[Any], **parts: Any) -> DataLoader[Any]:
    """Copy a loader and exchange parts of it.

    DataLoader forbids to assign them. Making a new one from a list of arguments would lose the user's subclass, and
    every argument that is newer than the list.
    """
    twin = copy.copy(loader)
    twin.__dict__.update(parts, _iterator=None)
    return twin


def _place_of_batches(loader: DataLoader[Any]) -> str:
    """Name the attribute of a loader that holds what yields whole batches of indices."""
    return "sampler" if loader.batch_sampler is None or isinstance(loader.sampler, BatchSampler) else "batch_sampler"


def _with_batches(loader: DataLoader[Any], batches: Any) -> DataLoader[Any]:
    """Copy a loader that reads other batches of indices."""
    if _place_of_batches(loader) == "batch_sampler":
        return _replaced(loader, batch_sampler=batches)
    if loader.batch_sampler is None:
        return _replaced(loader, sampler=batches)
    again = BatchSampler(batches, loader.batch_size or 1, loader.drop_last)  # batches of batches
    return _replaced(loader, sampler=batches, batch_sampler=again)


def _with_seedable_sampler(loader: DataLoader[Any], backend: Single, data_seed: int | None) -> DataLoader[Any]:
    """Exchange a RandomSampler, in a loader's own or the user's batch sampler."""
    from runtime.sampler import SeedableRandomSampler

    batches = getattr(loader, _place_of_batches(loader))
    sampler = getattr(batches, "sampler", None)
    if not isinstance(sampler, RandomSampler):
        return loader
    twin = copy.copy(batches)
    twin.sampler = SeedableRandomSampler(
        sampler.data_source,
        replacement=sampler.replacement,
        num_samples=sampler._num_samples,
        generator=sampler.generator,
        # A script that sets no seed has another one in every process.
        data_seed=backend.broadcast_object(torch.initial_seed() if data_seed is None else data_seed),
    )
    return _with_batches(loader, twin)


def _samplers(loader: DataLoader[Any]) -> list[Any]:
    """List what chooses the order: the batch sampler, and the sampler inside."""
    batches = getattr(loader, _place_of_batches(loader))
    inner = getattr(batches, "sampler", None)
    return [batches] if inner is None else [batches, inner]


def _refuse_sharded(samplers: list[Any], processes: int) -> None:
    """Stop before data is dealt out twice, each process seeing a part of its part.

    Raises:  SettingsError on a DistributedSampler, or a sampler of its kind.
    """
    for sampler in samplers:
        if getattr(sampler, "num_replicas", 1) > 1:
            raise SettingsError(
                f"`prepare` got a DataLoader whose {type(sampler).__name__} deals its samples out to "
                f"{sampler.num_replicas} processes already, and would do so again. Leave out `sampler=`, write "
                f"`shuffle=True` if it shuffled, and let `prepare` deal them out to the {processes} processes."
            )


def _own_generator(samplers: list[Any]) -> torch.Generator | None:
    """Find the random stream of the innermost sampler, giving it one if it would draw from torch's own."""
    sampler = next((one for one in reversed(samplers) if hasattr(one, "generator")), None)
    if sampler is None:
        return None
    if sampler.generator is None:
        sampler.generator = torch.Generator()
        sampler.generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_().item()))
    return sampler.generator if isinstance(sampler.generator, torch.Generator) else None


def _is_alike_everywhere(samplers: list[Any]) -> bool:
    """Say whether the order depends on nothing but the generator that is synchronised.

    By exact type: a subclass may shuffle by what it likes.
    """
    from runtime.sampler import SeedableRandomSampler

    known = {SequentialSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, SeedableRandomSampler}
    return type(samplers[-1]) in known and all(type(sampler) is BatchSampler for sampler in samplers[:-1])


def _check_split(loader: DataLoader[Any], processes: int) -> None:
    size = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    if size is None:
        raise SettingsError(
            "`split_batches` needs to know the batch size, and neither the DataLoader nor its "
            f"{type(loader.batch_sampler).__name__} has a `batch_size`."
        )
    if size > 1 and size % processes:
        raise SettingsError(
            f"`split_batches` cuts a batch into {processes} equal parts, and the batch size is {size}. "
            f"Choose one that {processes} divides."
        )


def _shard_samples(loader: DataLoader[Any], backend: Single, options: DataLoaderConfiguration) -> tuple[Any, Any]:
    """Deal out the batches of a dataset that is read by index."""
    from runtime.agreement import Agreement
    from runtime.sampler import BatchSamplerShard

    shard = BatchSamplerShard(
        getattr(loader, _place_of_batches(loader)),
        backend.world.size,
        backend.world.rank,
        options.split_batches,
        options.even_batches,
        read=iter if _is_alike_everywhere(_samplers(loader)) else Agreement(backend),
    )
    return _with_batches(loader, shard), shard


def _shard_stream(loader: DataLoader[Any], backend: Single, options: DataLoaderConfiguration) -> tuple[Any, Any]:
    """Deal out the samples of a dataset that is read in one stream, by every process."""
    from runtime.sampler import IterableDatasetShard

    world = backend.world
    if loader.num_workers and not loader.drop_last:
        warnings.warn(
            "A stream is read by workers of every process, so `gather_for_metrics` cannot tell which samples of the "
            "last batch are repeated. Pass `drop_last=True` or `num_workers=0` to the DataLoader, or write "
            "`DataLoaderConfiguration(dispatch_batches=True)`, so that process 0 alone reads.",
            stacklevel=7,
        )
    shard = IterableDatasetShard(
        loader.dataset, loader.batch_size, loader.drop_last, world.size, world.rank, options.split_batches
    )
    if not options.split_batches or loader.batch_size is None:
        return _replaced(loader, dataset=shard), shard
    size = loader.batch_size // world.size
    batches = BatchSampler(loader.sampler, size, loader.drop_last)
    return _replaced(loader, dataset=shard, batch_size=size, batch_sampler=batches), shard


def _synchronise(backend: Single, generator: torch.Generator | None, rng_types: tuple[str, ...]) -> None:
    from runtime.random import synchronize_rng_states

    kinds = [kind for kind in rng_types if kind != "generator" or generator is not None]
    synchronize_rng_states(kinds, generator, backend)


def _is_dispatched(loader: DataLoader[Any], options: DataLoaderConfiguration, device: torch.device | None) -> bool:
    """Say whether process 0 reads for all: as asked, by default for streams whose batches are moved."""
    if options.dispatch_batches is None:
        return isinstance(loader.dataset, IterableDataset) and device is not None
    return options.dispatch_batches


def _deal_out(
    loader: DataLoader[Any],
    backend: Single,
    gradient_state: GradientState,
    options: DataLoaderConfiguration,
    device: torch.device | None,
    rng_types: tuple[str, ...],
) -> PreparedLoader:
    """Make the loader of one process among several."""
    streamed = isinstance(loader.dataset, IterableDataset)
    _refuse_sharded(_samplers(loader), backend.world.size)
    if options.split_batches:
        _check_split(loader, backend.world.size)
    if _is_dispatched(loader, options, device):
        from runtime.dispatch import DispatchedLoader

        return DispatchedLoader(loader, gradient_state, backend, device, options.split_batches, options.non_blocking)
    generator = getattr(loader.dataset, "generator", None) if streamed else _own_generator(_samplers(loader))
    part, shard = (_shard_stream if streamed else _shard_samples)(loader, backend, options)
    before = functools.partial(_synchronise, backend, generator, rng_types)
    return PreparedLoader(part, gradient_state, device, options.non_blocking, shard, before)


def prepare_loader(
    loader: DataLoader[Any],
    backend: Single,
    gradient_state: GradientState,
    options: DataLoaderConfiguration,
    device: torch.device | None = None,
    rng_types: tuple[str, ...] = ("generator",),
) -> PreparedLoader:
    """Make a loader that gives this process its part.

    On one process the user's loader is read as it is, and no random number is drawn.

    Args:    device: where batches go; None to leave them where they are.
             rng_types: the random streams to take over from process 0 at the start of each pass.
    Raises:  SettingsError if the loader's sampler deals out samples itself, or batches cannot be split.
    """
    if isinstance(loader, PreparedLoader):
        return loader
    ordered = loader
    if options.use_stateful_dataloader:
        from runtime.stateful import as_stateful

        ordered = as_stateful(loader)
    if options.use_seedable_sampler and not isinstance(loader.dataset, IterableDataset):
        ordered = _with_seedable_sampler(ordered, backend, options.data_seed)
    if backend.world.size == 1:
        prepared = PreparedLoader(ordered, gradient_state, device, options.non_blocking)
    else:
        prepared = _deal_out(ordered, backend, gradient_state, options, device, rng_types)
    prepared.source = loader
    prepared.dispatches = _is_dispatched(ordered, options, device)
    return prepared
