"""Writing a checkpoint, from all processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import torch

from runtime import position
from runtime.backend import Single
from runtime.checkpoint import staging
from runtime.checkpoint.layout import Parts, numbered, positions_name, prune, random_name, target, writer_of
from runtime.checkpoint.storage import check_loadable, store
from runtime.checkpoint.weights import save_weights, weights_name, without_ties
from runtime.errors import SettingsError
from runtime.model import unwrap_model
from runtime.project import ProjectConfiguration
from runtime.state import own_backend

_OWNER = ".owner"  # the rank that made a folder, to find out whether the processes share their disk


def save(
    obj: Any,
    f: str | os.PathLike[str] | IO[bytes],
    save_on_each_node: bool = False,
    safe_serialization: bool = False,
    backend: Single | None = None,
) -> None:
    """Write an object on the main process; the others pass.

    Args:    save_on_each_node: write on the main process of each machine.
             safe_serialization: write a mapping of tensors in the safetensors format instead of pickling it.
             backend: by default this process's.
    Raises:  ImportError if that is asked for and safetensors is not installed; TypeError if ``f`` is no path then.
    """
    world = (backend or own_backend()).world
    if (world.local_rank if save_on_each_node else world.rank) != 0:
        return
    if isinstance(f, (str, os.PathLike)):
        store(without_ties(obj) if safe_serialization else obj, Path(f), safe_serialization)
    elif safe_serialization:
        raise TypeError("safetensors writes to a path, not to an open file.")
    else:
        torch.save(obj, f)


def save_model(
    state: dict[str, Any],
    directory: str | os.PathLike[str],
    max_shard_size: int | str,
    safe_serialization: bool,
    backend: Single,
    save_on_each_node: bool = False,
) -> None:
    """Write weights on the main process; the others pass.

    Raises:  NotADirectoryError if the path is a file's; RuntimeError if weights are on the meta device.
    """
    if (backend.world.local_rank if save_on_each_node else backend.world.rank) != 0:
        return
    folder = Path(directory).expanduser()
    if folder.is_file():
        raise NotADirectoryError(f"Provided path ({directory}) should be a directory, not a file")
    if any(isinstance(value, torch.Tensor) and value.is_meta for value in state.values()):
        raise RuntimeError("You can't save the model since some parameters are on the meta device.")
    save_weights(state, folder, max_shard_size, safe_serialization)


# What a process raises with another one that failed; anything else becomes a RuntimeError.
_SHARED_ERRORS = {kind.__name__: kind for kind in (ValueError, TypeError, SettingsError, FileNotFoundError)}


def together(backend: Single, work: Callable[[], Any]) -> Any:
    """Do something on every process, and fail on all if it fails on one: none waits for what never comes.

    Raises:  the process's own error; that of another process that failed, naming it.
    """
    try:
        result, error = work(), None
    except Exception as raised:
        result, error = None, raised
    told = backend.gather_objects(None if error is None else (type(error).__name__, str(error)))
    if error is not None:
        raise error
    for rank, failure in enumerate(told):
        if failure is not None:
            kind, message = failure
            raise _SHARED_ERRORS.get(kind, RuntimeError)(f"Process {rank} failed with {kind}: {message}")
    return result


def save_state(
    parts: Parts,
    step: int,
    output_dir: str | os.PathLike[str] | None,
    project: ProjectConfiguration,
    backend: Single,
    hooks: Sequence[Callable[..., Any]] = (),
    safe_serialization: bool = True,
) -> Path:
    """Write a checkpoint; every process has to call.

    Whenever a process is killed, the checkpoint that was there before can be loaded, and no half one has its name. The
    oldest ones beyond the project's limit go once the new one stands.

    Args:    step: batches accumulated so far.
             output_dir: the folder, unless checkpoints are numbered; files of the user's in it stay.
             hooks: called with the models, a list of their states and the folder that is being written; states that
                 they take out of the list are not written.
    Returns: the folder.
    Raises:  ValueError if a numbered folder is there already; SettingsError if the processes do not share their disk,
             or the folder cannot be replaced; TypeError if a state could not be loaded again.
    """
    world = backend.world
    writer = writer_of(project, backend)
    writes = world.rank == writer

    def start() -> Path | None:
        if not writes:
            return None
        folder = target(output_dir, project)
        (staging.begin(folder) / _OWNER).write_text(str(writer))
        return folder

    # All write where the main process does, though they name other folders, as temporary ones are.
    folder: Path = backend.gather_objects(together(backend, start))[writer]
    partial = staging.partial_of(folder)
    together(backend, lambda: _check_shared(partial, writer))

    def write() -> None:
        weights = [unwrap_model(model, keep_torch_compile=False).state_dict() for model in parts.models]
        for hook in hooks:
            hook(list(parts.models), weights, str(partial))
        if writes:
            _write_shared(parts, weights, partial, safe_serialization)
        _write_own(parts, step, partial, world.rank)

    together(backend, write)

    def complete() -> None:
        if writes:
            (partial / _OWNER).unlink()
            staging.mark_complete(partial, world_size=world.size, models=len(parts.models))
            staging.finish(folder)
            if project.automatic_checkpoint_naming and project.total_limit is not None:
                prune(folder, project)

    together(backend, complete)
    project.iteration += 1
    return folder if output_dir is None or project.automatic_checkpoint_naming else Path(output_dir)


def _check_shared(partial: Path, writer: int) -> None:
    """Make sure that all processes of a checkpoint write into one folder."""
    owner = partial / _OWNER
    found = owner.read_text() if owner.exists() else None
    if found is None:
        raise SettingsError(
            f"This process does not see {partial}, which process {writer} has made: their machines share no disk. Write "
            "`ProjectConfiguration(save_on_each_node=True)`, or save to a disk that they share."
        )
    if found != str(writer):
        raise SettingsError(
            f"{partial} was made by process {found}, not by {writer}: leave out `save_on_each_node` where machines share "
            "their disk."
        )


def _write_shared(parts: Parts, weights: Sequence[Any], folder: Path, safe: bool) -> None:
    """Write what is the same on all processes."""
    for index, state in enumerate(weights):
        store(without_ties(state) if safe else state, folder / weights_name(index, safe), safe)
    for name, objects in (("optimizer", parts.optimizers), ("scheduler", parts.schedulers)):
        for index, one in enumerate(objects):
            path = folder / numbered(name, index, "bin")
            store(one.state_dict(), path)
            check_loadable(path, f"the {name} with number {index}")
    for index, loader in enumerate(parts.loaders):
        if loader.use_stateful_dataloader:
            store(loader.state_dict(), folder / numbered("dl_state_dict", index, "bin"))
    if parts.precision.scaler is not None:
        parts.precision.settle()
        store(parts.precision.scaler.state_dict(), folder / "scaler.pt")
    for index, one in enumerate(parts.custom):
        path = folder / f"custom_checkpoint_{index}.pkl"
        store(one.state_dict(), path)
        check_loadable(path, f"the registered {type(one).__name__} with number {index}")


def _write_own(parts: Parts, step: int, folder: Path, rank: int) -> None:
    """Write what each process has of its own: its random states, and where its loaders stand."""
    states: dict[str, Any] = {
        "step": step,
        "random_state": position.python_state(),
        "numpy_random_seed": position.numpy_state(),
        "torch_manual_seed": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["torch_cuda_manual_seed"] = torch.cuda.get_rng_state_all()
    store(states, folder / random_name(rank))
    positions = [
        {**position.describe(loader), "state": loader.state_dict() if loader.use_stateful_dataloader else None}
        for loader in parts.loaders
    ]
    store(positions, folder / positions_name(rank))
