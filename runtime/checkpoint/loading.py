"""Reading a checkpoint, on all processes."""

from __future__ import annotations

import logging
import os
import random
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from runtime import position
from runtime.backend import Single
from runtime.checkpoint import staging
from runtime.checkpoint.layout import Parts, find_checkpoint, numbered, positions_name, random_name, recover, writer_of
from runtime.checkpoint.saving import together
from runtime.checkpoint.storage import load
from runtime.checkpoint.weights import load_weights
from runtime.model import unwrap_model
from runtime.project import ProjectConfiguration

if TYPE_CHECKING:
    from runtime.loader import PreparedLoader

_logger = logging.getLogger(__name__)


def load_state(
    parts: Parts,
    input_dir: str | os.PathLike[str] | None,
    project: ProjectConfiguration,
    backend: Single,
    hooks: Sequence[Callable[..., Any]] = (),
    load_kwargs: dict[str, Any] | None = None,
    **model_options: Any,
) -> int | None:
    """Load a checkpoint; every process has to call. No code of its files is run.

    Args:    input_dir: the folder; None for the last numbered one.
             hooks: called with a list of the models and the folder; models that they take out are not loaded.
             load_kwargs: those of ``torch.load``.
             model_options: ``map_location``, "cpu" or "on_device"; the others are those of ``load_state_dict``.
    Returns: the batches that were accumulated, if it says so.
    Raises:  ValueError if there is no such folder, or it is not complete; FileNotFoundError if it holds fewer objects
             than were prepared; RuntimeError on another number of registered objects.
    """
    device = _device(model_options.pop("map_location", None), backend)
    world = backend.world

    folder = _agree(input_dir, project, backend)
    _logger.info("Loading states from %s", folder)
    models = list(parts.models)
    for hook in hooks:
        hook(models, str(folder))
    for index, model in enumerate(models):
        load_weights(unwrap_model(model, keep_torch_compile=False), folder, index, device, **model_options)
    _load_objects(parts, folder, device, load_kwargs or {})
    saved_by = (staging.read_marker(folder) or {}).get("world_size", world.size)
    step = _load_random_states(folder, world.rank, saved_by)
    _load_positions(parts.loaders, folder, world.rank, saved_by, world.size)
    return step


def _agree(input_dir: str | os.PathLike[str] | None, project: ProjectConfiguration, backend: Single) -> Path:
    """Find the folder that all processes load: that of the main process, where they see it, else their own."""
    writer = writer_of(project, backend)

    def find() -> Path | None:
        if backend.world.rank != writer:
            return None
        recover(input_dir, project)
        return find_checkpoint(input_dir, project).absolute()

    common: Path = backend.gather_objects(together(backend, find))[writer]
    return together(backend, lambda: common if common.is_dir() else find_checkpoint(input_dir, project))


def _device(choice: str | None, backend: Single) -> Any:
    if choice not in (None, "cpu", "on_device"):
        raise TypeError(
            "Unsupported optimizer map location passed, please choose one of `None`, `'cpu'`, or `'on_device'`"
        )
    world = backend.world
    on_device = choice == "on_device" or (choice is None and world.size > 1)
    return world.device if on_device else torch.device("cpu")


def _load_one(path: Path, what: str, **options: Any) -> Any:
    if not path.exists():
        raise FileNotFoundError(
            f"{path.parent} holds no {path.name}, for {what}. Prepare as many objects, in the same order, as when it was "
            "saved."
        )
    return load(path, **options)


def _load_objects(parts: Parts, folder: Path, device: Any, options: dict[str, Any]) -> None:
    for index, optimizer in enumerate(parts.optimizers):
        path = folder / numbered("optimizer", index, "bin")
        optimizer.load_state_dict(_load_one(path, f"the optimizer {index}", map_location=device, **options))
    for index, scheduler in enumerate(parts.schedulers):
        path = folder / numbered("scheduler", index, "bin")
        scheduler.load_state_dict(_load_one(path, f"the scheduler {index}", **options))
    if parts.precision.scaler is not None:
        parts.precision.scaler.load_state_dict(_load_one(folder / "scaler.pt", "the gradient scaler"))
    found = [name for name in os.listdir(folder) if re.fullmatch(r"custom_checkpoint_\d+\.pkl", name)]
    if len(found) != len(parts.custom):
        raise RuntimeError(
            f"Number of custom checkpoints in folder {folder} does not match the number of registered objects:\n"
            f"  Found checkpoints: {len(found)}\n  Registered objects: {len(parts.custom)}\n"
            "Register the same objects, in the same order, as when it was saved."
        )
    for index, one in enumerate(parts.custom):
        one.load_state_dict(load(folder / f"custom_checkpoint_{index}.pkl", map_location="cpu"))


def _load_random_states(folder: Path, rank: int, saved_by: int) -> int | None:
    """Go on with the random streams of this process, and return the batches accumulated.

    A process that the saving run did not have keeps its own streams.
    """
    path = folder / random_name(rank)
    known = path.exists() and rank < saved_by
    if not known:
        _logger.warning("%s holds no random states of process %d, which keeps its current ones.", folder, rank)
        path = folder / random_name(0)
    if not path.exists():
        return None
    states = load(path, map_location="cpu", arrays=True)
    if known:
        _set_random_states(states)
    step: int | None = states.get("step")
    return step


def _set_random_states(states: dict[str, Any]) -> None:
    try:
        random.setstate(tuple(map(_tuple, states["random_state"])))
        position.set_numpy_state(states["numpy_random_seed"])
        torch.set_rng_state(states["torch_manual_seed"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(states["torch_cuda_manual_seed"])
    except (KeyError, ValueError, TypeError, RuntimeError, IndexError) as error:  # another machine, another library
        _logger.warning("Could not load random states: %s", error)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _load_positions(loaders: Sequence[PreparedLoader], folder: Path, rank: int, saved_by: int, size: int) -> None:
    path = folder / positions_name(rank if saved_by == size else 0)
    positions = load(path, map_location="cpu") if path.exists() else []
    if positions and len(positions) != len(loaders):
        warnings.warn(
            f"{folder} was saved with {len(positions)} prepared loaders, and there are {len(loaders)} now: they start "
            "from the beginning.",
            stacklevel=5,
        )
        positions = []
    for index, loader in enumerate(loaders):
        known = positions[index] if positions else None
        if loader.use_stateful_dataloader:
            _load_loader_state(loader, folder / numbered("dl_state_dict", index, "bin"), known)
        if known is not None:
            interrupted = known["yielded"] if saved_by == size else None
            position.restore(loader, {**known, "yielded": interrupted})
    if saved_by != size and any(known["yielded"] for known in positions):
        warnings.warn(
            f"{folder} was saved by {saved_by} processes in the middle of an epoch, and this run has {size}: the rest of "
            "the epoch has another order, and `skip_first_batches` counts the batches of one process.",
            stacklevel=5,
        )


def _load_loader_state(loader: PreparedLoader, path: Path, known: dict[str, Any] | None) -> None:
    state = None if known is None else known["state"]
    if state is None and path.exists():
        state = load(path, map_location="cpu")
    if state is not None:
        loader.load_state_dict(state)
