"""Accelerate's names for prepared loaders: to ask ``isinstance`` by, and to make one by hand.

What `prepare` returns is a `PreparedLoader` or a `DispatchedLoader`; these names stand for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader

from runtime.backend import Single
from runtime.data import DataLoaderConfiguration, prepare_loader
from runtime.kind import RNGType
from runtime.loader import PreparedLoader
from runtime.sampler import BatchSamplerShard, IterableDatasetShard, SeedableRandomSampler
from runtime.skipping import SkipBatchSampler, SkipDataLoader, skip_first_batches
from runtime.state import GradientState, PartialState, own_backend
from runtime.world import World

__all__ = [
    "BatchSamplerShard",
    "DataLoaderDispatcher",
    "DataLoaderShard",
    "DataLoaderStateMixin",
    "IterableDatasetShard",
    "SeedableRandomSampler",
    "SkipBatchSampler",
    "SkipDataLoader",
    "prepare_data_loader",
    "skip_first_batches",
]


class _Name(type):
    """A name that prepared loaders answer to."""

    def __instancecheck__(cls, loader: object) -> bool:
        return issubclass(type(loader), PreparedLoader) and cls._answers(loader)

    def _answers(cls, loader: Any) -> bool:
        raise NotImplementedError


def _made(dataset: Any, device: torch.device | None, stateful: bool, iteration: int, kwargs: dict[str, Any]) -> Any:
    """Make a loader, and wrap it as it is: its batches are those of one process."""
    from runtime.stateful import stateful_class

    base = (stateful_class() if stateful else DataLoader)(dataset, **kwargs)
    loader = PreparedLoader(base, GradientState(), device)
    loader.iteration = iteration
    return loader


class DataLoaderStateMixin(metaclass=_Name):
    """Every prepared loader."""

    @classmethod
    def _answers(cls, loader: Any) -> bool:
        return True


class DataLoaderShard(metaclass=_Name):
    """A prepared loader whose process reads its own batches."""

    def __new__(  # type: ignore[misc]
        cls,
        dataset: Any,
        device: torch.device | None = None,
        rng_types: Sequence[RNGType | str] | None = None,
        synchronized_generator: torch.Generator | None = None,
        skip_batches: int = 0,
        use_stateful_dataloader: bool = False,
        iteration: int = 0,
        **kwargs: Any,
    ) -> Any:
        """Make one by hand, whose samplers give this process its part.

        Args:    rng_types: random streams to take over from process 0 at the start of each pass.
                 synchronized_generator: the stream that ``"generator"`` means.
                 skip_batches: batches to leave out of each pass.
                 kwargs: those of DataLoader.
        """
        loader = _made(dataset, device, use_stateful_dataloader, iteration, kwargs)
        if rng_types is not None:
            from runtime.random import synchronize_rng_states

            loader._before = lambda: synchronize_rng_states(rng_types, synchronized_generator)
        return skip_first_batches(loader, skip_batches) if skip_batches else loader

    @classmethod
    def _answers(cls, loader: Any) -> bool:
        return not (loader.is_dispatched or loader.dispatches)


class DataLoaderDispatcher(metaclass=_Name):
    """A prepared loader that process 0 reads for all."""

    def __new__(  # type: ignore[misc]
        cls,
        dataset: Any,
        split_batches: bool = False,
        skip_batches: int = 0,
        use_stateful_dataloader: bool = False,
        iteration: int = 0,
        **kwargs: Any,
    ) -> Any:
        """Make one by hand.

        Args:    split_batches: cut each batch into parts, one for each process.
                 skip_batches: batches to leave out of each pass.
                 kwargs: those of DataLoader.
        """
        loader = _made(dataset, PartialState().device, use_stateful_dataloader, iteration, kwargs)
        loader = _dispatched(loader.base_dataloader, split_batches) or loader
        loader.dispatches = True
        loader.iteration = iteration
        return skip_first_batches(loader, skip_batches) if skip_batches else loader

    @classmethod
    def _answers(cls, loader: Any) -> bool:
        return bool(loader.is_dispatched or loader.dispatches)


def _dispatched(base: DataLoader[Any], split_batches: bool) -> Any:
    backend = own_backend()
    if backend.world.size == 1:
        return None
    from runtime.dispatch import DispatchedLoader

    return DispatchedLoader(base, GradientState(), backend, backend.world.device, split_batches)


def _placed(num_processes: int | None, process_index: int | None) -> Single:
    """Return this process's backend, or one that only knows a place among others: there is nobody to talk to."""
    own = own_backend()
    size = own.world.size if num_processes is None else num_processes
    rank = own.world.rank if process_index is None else process_index
    if (size, rank) == (own.world.size, own.world.rank):
        return own
    return Single(World(own.world.device, rank, rank, size))


def prepare_data_loader(
    dataloader: DataLoader[Any],
    device: torch.device | None = None,
    num_processes: int | None = None,
    process_index: int | None = None,
    split_batches: bool = False,
    put_on_device: bool = False,
    rng_types: Sequence[RNGType | str] | None = None,
    dispatch_batches: bool | None = None,
    even_batches: bool = True,
    slice_fn_for_dispatch: Callable[..., Any] | None = None,
    use_seedable_sampler: bool = False,
    data_seed: int | None = None,
    non_blocking: bool = False,
    use_stateful_dataloader: bool = False,
    torch_device_mesh: Any = None,
) -> PreparedLoader:
    """Make a loader that gives a process its part, without an Accelerator.

    Args:    device: where batches go with ``put_on_device``; by default this process's.
             slice_fn_for_dispatch: how process 0 cuts a batch that it deals out, as
                 ``f(batch, slice, process_index=..., num_processes=...)``.
             num_processes: by default all of the run; ``process_index`` by default this one's.
             rng_types: random streams to take over from process 0 at the start of each pass; by default the loader's.
    Raises:  ValueError on batches that cannot be split or dispatched; UnsupportedError on a mesh of devices.
    Source:  accelerate 1.15 ``prepare_data_loader``; its other arguments are those of DataLoaderConfiguration.
    """
    if torch_device_mesh is not None:
        from runtime.errors import UnsupportedError

        raise UnsupportedError("`prepare_data_loader(torch_device_mesh=...)`")
    if dispatch_batches and not put_on_device:
        raise ValueError("Using `dispatch_batches=True` requires `put_on_device=True`.")
    options = DataLoaderConfiguration(
        split_batches=split_batches,
        dispatch_batches=dispatch_batches,
        even_batches=even_batches,
        use_seedable_sampler=use_seedable_sampler,
        data_seed=data_seed,
        non_blocking=non_blocking,
        use_stateful_dataloader=use_stateful_dataloader,
    )
    target = (device or PartialState().device) if put_on_device else None
    kinds = ("generator",) if rng_types is None else tuple(rng_types)
    backend = _placed(num_processes, process_index)
    prepared = prepare_loader(dataloader, backend, GradientState(), options, target, kinds)
    prepared.cut_by(slice_fn_for_dispatch)
    return prepared
