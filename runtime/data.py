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
from runtime.transfer import pinned


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
             exact_scaling: not in Accelerate. All processes share the batches of one process, of any length, and train
                 as it would: ``batch_size``, ``len(loader)``, order and schedule keep their meaning. The loss has to be
                 a mean over rows.
    """

    split_batches: bool = False
    dispatch_batches: bool | None = None
    even_batches: bool = True
    use_seedable_sampler: bool = False
    data_seed: int | None = None
    non_blocking: bool = False
    use_stateful_dataloader: bool = False
    exact_scaling: bool = False

    def __post_init__(self) -> None:
        if self.exact_scaling and self.split_batches:
            raise SettingsError(
                "`exact_scaling` and `split_batches` were both asked for. Leave out `split_batches`: exact scaling "
                "cuts batches too, also those that the processes do not divide."
            )
        if self.use_stateful_dataloader:
            from runtime.stateful import stateful_class

            stateful_class()  # raises where torchdata is missing

    def batches_per_step(self, processes: int) -> int:
        """Count the batches of the unprepared loader that all processes together take in a step."""
        return 1 if self.split_batches or self.exact_scaling else processes


def replaced(loader: DataLoader[Any], **parts: Any) -> DataLoader[Any]:
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
        return replaced(loader, batch_sampler=batches)
    if loader.batch_sampler is None:
        return replaced(loader, sampler=batches)
    again = BatchSampler(batches, loader.batch_size or 1, loader.drop_last)  # batches of batches
    return replaced(loader, sampler=batches, batch_sampler=again)


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


def samplers(batches: Any) -> list[Any]:
    """List what chooses the order: a batch sampler, and the samplers inside."""
    chain = [batches]
    while (inner := getattr(chain[-1], "sampler", None)) is not None:
        chain.append(inner)
    return chain


def _samplers(loader: DataLoader[Any]) -> list[Any]:
    return samplers(getattr(loader, _place_of_batches(loader)))


def _made_whole(loader: DataLoader[Any], processes: int) -> DataLoader[Any]:
    """Copy a loader whose samples are dealt out already, each process seeing a part of its part; else return it."""
    from runtime.whole import made_whole

    batches = getattr(loader, _place_of_batches(loader))
    whole = made_whole(batches, samplers(batches), processes)
    return loader if whole is batches else _with_batches(loader, whole)


def _own_generator(samplers: list[Any]) -> torch.Generator | None:
    """Find the random stream of the innermost sampler, giving it one if it would draw from torch's own."""
    sampler = next((one for one in reversed(samplers) if hasattr(one, "generator")), None)
    if sampler is None:
        return None
    if sampler.generator is None:
        sampler.generator = torch.Generator()
        sampler.generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_().item()))
    return sampler.generator if isinstance(sampler.generator, torch.Generator) else None


def is_alike_everywhere(chain: list[Any]) -> bool:
    """Say whether the order depends on nothing but the generator that is synchronised.

    By exact type: a subclass may shuffle by what it likes.
    """
    from runtime.sampler import SeedableRandomSampler

    known = {SequentialSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, SeedableRandomSampler}
    return type(chain[-1]) in known and all(type(sampler) is BatchSampler for sampler in chain[:-1])


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
        read=iter if is_alike_everywhere(_samplers(loader)) else Agreement(backend),
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
        return replaced(loader, dataset=shard), shard
    size = loader.batch_size // world.size
    batches = BatchSampler(loader.sampler, size, loader.drop_last)
    return replaced(loader, dataset=shard, batch_size=size, batch_sampler=batches), shard


def synchronise(backend: Single, generator: torch.Generator | None, rng_types: tuple[str, ...]) -> None:
    """Take over the random streams of process 0 that ``rng_types`` names, the loader's own only if it has one."""
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
    loader = loader if streamed else _made_whole(loader, backend.world.size)
    if options.exact_scaling:
        from runtime.exact import share_out

        return share_out(loader, backend, gradient_state, options, device, rng_types)
    if options.split_batches:
        _check_split(loader, backend.world.size)
    if _is_dispatched(loader, options, device):
        from runtime.dispatch import DispatchedLoader

        return DispatchedLoader(loader, gradient_state, backend, device, options.split_batches, options.non_blocking)
    generator = getattr(loader.dataset, "generator", None) if streamed else _own_generator(_samplers(loader))
    ahead = is_alike_everywhere(_samplers(loader))
    part, shard = (_shard_stream if streamed else _shard_samples)(pinned(loader, device), backend, options)
    before = functools.partial(synchronise, backend, generator, rng_types)
    return PreparedLoader(part, gradient_state, device, options.non_blocking, shard, before, ahead)


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
    Raises:  SettingsError if somebody's sampler deals out samples itself, or batches cannot be split.
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
        ahead = is_alike_everywhere(_samplers(ordered))
        prepared = PreparedLoader(
            pinned(ordered, device), gradient_state, device, options.non_blocking, reads_ahead=ahead
        )
    else:
        prepared = _deal_out(ordered, backend, gradient_state, options, device, rng_types)
    prepared.source = loader
    prepared.dispatches = _is_dispatched(ordered, options, device)
    return prepared
