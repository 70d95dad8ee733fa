"""Loaders that can say where they stand: torchdata's StatefulDataLoader, where it is installed."""

from __future__ import annotations

from typing import Any

from torch.utils.data import BatchSampler, DataLoader

_ARGUMENTS = (
    "num_workers collate_fn pin_memory timeout worker_init_fn multiprocessing_context generator prefetch_factor "
    "persistent_workers pin_memory_device"
).split()


def loader_arguments(loader: DataLoader[Any]) -> dict[str, Any]:
    """List the arguments that would make a loader like this one again, beside its dataset."""
    arguments = {name: getattr(loader, name) for name in _ARGUMENTS if hasattr(loader, name)}
    if loader.batch_sampler is None:  # samples are batches
        return {**arguments, "batch_size": None, "sampler": _sampler(loader)}
    if isinstance(loader.sampler, BatchSampler) or _sampler(loader) is None:
        return {
            **arguments,
            "batch_size": loader.batch_size,
            "sampler": _sampler(loader),
            "drop_last": loader.drop_last,
        }
    return {**arguments, "batch_sampler": loader.batch_sampler}


def _sampler(loader: DataLoader[Any]) -> Any:
    """Return the sampler; None for a stream, which DataLoader gives one that the user must not pass."""
    return None if type(loader.sampler).__name__ == "_InfiniteConstantSampler" else loader.sampler


def stateful_class() -> type[DataLoader[Any]]:
    """Import StatefulDataLoader.

    Raises:  ImportError where torchdata is missing or too old.
    """
    try:
        from torchdata.stateful_dataloader import StatefulDataLoader
    except ImportError as error:
        raise ImportError(
            "StatefulDataLoader is not available. Please install torchdata version 0.8.0 or higher to use it."
        ) from error
    found: type[DataLoader[Any]] = StatefulDataLoader
    return found


def is_torchdata_stateful_dataloader_available() -> bool:
    """Say whether StatefulDataLoader can be imported."""
    try:
        stateful_class()
    except ImportError:
        return False
    return True


def as_stateful(loader: DataLoader[Any]) -> DataLoader[Any]:
    """Make a StatefulDataLoader of a loader."""
    kind = stateful_class()
    return loader if isinstance(loader, kind) else kind(loader.dataset, **loader_arguments(loader))
