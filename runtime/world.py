"""Where this process stands: its device, its rank, and the group that it belongs to."""

from __future__ import annotations

import atexit
import multiprocessing
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from runtime.environment import Environment
from runtime.errors import SettingsError
from runtime.kind import DistributedType

_FINISH_S = 0.1  # for a thread that waits for its turn


@dataclass(frozen=True, slots=True)
class World:
    """One process among ``size``; the defaults describe a process alone."""

    device: torch.device
    rank: int = 0
    local_rank: int = 0  # among the processes of this machine
    size: int = 1
    transport: str | None = None  # "gloo", "nccl"; None without a group
    owns_group: bool = False  # False for a group that the user's script started
    debug: bool = False  # check the arguments of collectives, at the price of another collective

    @property
    def distributed_type(self) -> DistributedType:
        """Name how the processes work together."""
        if self.size == 1:
            return DistributedType.NO
        return DistributedType.MULTI_GPU if self.device.type == "cuda" else DistributedType.MULTI_CPU

    @property
    def exchange_device(self) -> torch.device:
        """Name the device that tensors have to lie on to be sent: gloo sends from the CPU."""
        return self.device if self.transport == "nccl" else torch.device("cpu")


def _lone_device(cpu: bool) -> torch.device:
    """Choose the device of a process alone, written without an index as scripts write it."""
    if cpu:
        return torch.device("cpu")
    if torch.cuda.is_available():
        _warn_of_spare_gpus(1)
        return torch.device("cuda")
    return _other_accelerator() or torch.device("cpu")


def _other_accelerator() -> torch.device | None:
    """Find what is neither CPU nor CUDA: Apple's GPU, Intel's, and whatever else torch can be built for."""
    if hasattr(torch, "accelerator"):  # since torch 2.6
        return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return torch.device("mps") if torch.backends.mps.is_available() else None


def _warn_of_spare_gpus(processes: int) -> None:
    visible = torch.cuda.device_count()
    if visible > processes:
        warnings.warn(
            f"{'This process uses one' if processes == 1 else f'The processes of this machine use {processes}'} of "
            f"{visible} visible GPUs. To train on all of them start the script with `torchrun --nproc_per_node "
            f"{visible}`; to silence this set CUDA_VISIBLE_DEVICES.",
            stacklevel=3,
        )


def _rank_device(environment: Environment, local_rank: int, cpu: bool) -> torch.device:
    """Give each process of a group a GPU of its own, or the CPU.

    Raises:  SettingsError if there are GPUs, but none with this number.
    """
    if cpu or not torch.cuda.is_available():
        return torch.device("cpu")
    if environment.has_own_gpu:
        return torch.device("cuda", 0)
    if local_rank == 0 and environment.local_world_size is not None:
        _warn_of_spare_gpus(environment.local_world_size)
    if local_rank >= torch.cuda.device_count():
        raise SettingsError(
            f"The process with local rank {local_rank} has no GPU: {torch.cuda.device_count()} visible. "
            f"Start with `torchrun --nproc_per_node {torch.cuda.device_count()}`, or pass `Accelerator(cpu=True)`."
        )
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)


def _fresh_store(environment: Environment) -> dist.Store:
    """Meet at torchrun's store, out of reach of what the processes before a restart have left there.

    Torch keeps one store over restarts (2.13, ``dynamic_rendezvous.py``), so a process that is early would read the
    address of one that is gone, and fail to connect.
    """
    store, _, _ = next(iter(rendezvous("env://", environment.rank or 0, environment.world_size)))
    return dist.PrefixStore(f"restart_{environment.restarts}", store)


def _start_group(environment: Environment, device: torch.device, options: Mapping[str, Any]) -> None:
    """Meet the other processes.

    Raises:  SettingsError if the launcher left out what the meeting needs.
    """
    arguments = dict(options)
    if environment.rank is None or not (environment.has_address or "init_method" in arguments):
        raise SettingsError(
            f"WORLD_SIZE is {environment.world_size}, but RANK or MASTER_ADDR is not set, so the processes cannot "
            "meet. Start the script with `torchrun` or `srun`, or unset WORLD_SIZE to train on one process."
        )
    if environment.meeting_place is not None:
        arguments.setdefault("init_method", environment.meeting_place)
    elif environment.restarts and "init_method" not in arguments:
        arguments["store"] = _fresh_store(environment)
    default = "nccl" if device.type == "cuda" and dist.is_nccl_available() else "gloo"
    dist.init_process_group(
        arguments.pop("backend", default), rank=environment.rank, world_size=environment.world_size, **arguments
    )


def _is_read_again() -> bool:
    """Tell whether this process only reads the script again to find its functions.

    Loader workers and others that multiprocessing starts by ``spawn`` or ``forkserver`` do. They inherit the rank of the
    process that they work for, and train nothing.
    Source: CPython's ``multiprocessing.spawn._main``.
    """
    return bool(getattr(multiprocessing.current_process(), "_inheriting", False))


def _local_rank(environment: Environment, rank: int) -> int:
    """Without a launcher's word, take the ranks of a machine to be consecutive."""
    if environment.local_rank is not None:
        return environment.local_rank
    return rank % torch.cuda.device_count() if torch.cuda.is_available() else rank


def join(environment: Environment, cpu: bool = False, options: Mapping[str, Any] | None = None) -> World:
    """Find this process's place, and meet the others where there are any.

    A group that exists already is used as it is; ``WORLD_SIZE`` above 1 always makes one, but for processes that read
    the script again: such a one is alone, on the CPU.

    Args:    cpu: stay on the CPU though there is a GPU.
             options: arguments of ``init_process_group``.
    Raises:  SettingsError if options come too late for a group that exists, or the environment is incomplete.
    """
    cpu = cpu or environment.use_cpu
    started = dist.is_available() and dist.is_initialized()
    if not started and _is_read_again():
        return World(torch.device("cpu"), debug=environment.debug)
    if not started and environment.world_size == 1:
        device = _lone_device(cpu) if environment.device is None else torch.device(environment.device)
        return World(device, debug=environment.debug)
    if started and options:
        raise SettingsError(
            f"InitProcessGroupKwargs({', '.join(options)}) comes too late: the script has already called "
            "`init_process_group`. Pass the arguments there, or drop that call."
        )
    rank = dist.get_rank() if started else environment.rank or 0
    local_rank = _local_rank(environment, rank)
    device = (
        _rank_device(environment, local_rank, cpu) if environment.device is None else torch.device(environment.device)
    )
    if not started:
        _start_group(environment, device, options or {})
        atexit.register(_leave_at_exit)
    return World(
        device, dist.get_rank(), local_rank, dist.get_world_size(), dist.get_backend(), not started, environment.debug
    )


def leave(world: World) -> None:
    """End the group, if it was started here and still exists."""
    if world.owns_group and dist.is_initialized():
        dist.destroy_process_group()


def _leave_at_exit() -> None:
    """End a group that is left when the script ends, and let gloo's threads finish.

    Such a thread drops the last collective a moment after it is done, and needs the interpreter for it; one that comes
    when the interpreter has gone aborts a run that went well (exit code -6).
    After an error the group stays: the others may be waiting, and to end it could mean to wait for them.
    Source: torch 2.13, ``ProcessGroupGloo::runLoop``.
    """
    if dist.is_initialized() and not hasattr(sys, "last_value"):
        dist.destroy_process_group()
    time.sleep(_FINISH_S)
