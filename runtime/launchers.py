"""Starting several processes from a notebook or a test; scripts are started by torchrun."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed as dist

from runtime.errors import UnsupportedError
from runtime.state import AcceleratorState, GradientState, PartialState

_ELASTIC_DEFAULTS = {("rdzv_backend", "static"), ("rdzv_id", "none"), ("monitor_interval", 0.1)}


def _work(
    rank: int, function: Callable[..., Any], args: Sequence[Any], size: int, port: int, variables: dict[str, str]
) -> None:
    """Run in a new process."""
    os.environ.update(
        variables,
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(size),
        LOCAL_WORLD_SIZE=str(size),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        TORCHELASTIC_USE_AGENT_STORE="True",  # the parent keeps the meeting place
        TORCHELASTIC_RESTART_COUNT="0",
    )
    # A forked process inherits what the parent knew of itself.
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    try:
        function(*args)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _start(function: Callable[..., Any], args: Sequence[Any], size: int, **variables: str) -> None:
    """Fork, so that functions of a notebook need not be importable, and wait for all."""
    from torch.multiprocessing.spawn import start_processes

    # The system chooses the port, and nobody else can take it.
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    start_processes(_work, args=(function, args, size, store.port, variables), nprocs=size, start_method="fork")


def debug_launcher(function: Callable[..., Any], args: Sequence[Any] = (), num_processes: int = 2) -> None:
    """Run a function in several processes on the CPU, to try it out.

    Raises:  ``torch.multiprocessing.ProcessRaisedException`` with the traceback of the first that failed.
    """
    variables = {"ACCELERATE_USE_CPU": "yes", "ACCELERATE_MIXED_PRECISION": "no"}
    if sys.platform.startswith("linux"):
        variables["GLOO_SOCKET_IFNAME"] = "lo"
    _start(function, args, num_processes, **variables)


def notebook_launcher(
    function: Callable[..., Any],
    args: Sequence[Any] = (),
    num_processes: int | None = None,
    mixed_precision: str = "no",
    use_port: str = "29500",
    master_addr: str = "127.0.0.1",
    node_rank: int = 0,
    num_nodes: int = 1,
    **elastic: Any,
) -> None:
    """Run a training function from a notebook, with a process for each GPU.

    Args:    num_processes: by default one.
             use_port: not needed, the system chooses one; neither is ``master_addr``.
             elastic: Accelerate's settings of restarts, with nothing but their defaults; torchrun has them.
    Raises:  UnsupportedError on several machines; ValueError if an Accelerator exists, RuntimeError if a GPU is in use
             already: neither can be shared with the new processes.
    """
    asked = [name for name, value in elastic.items() if value and (name, value) not in _ELASTIC_DEFAULTS]
    if asked:
        raise UnsupportedError(
            f"`notebook_launcher({', '.join(f'{name}=...' for name in asked)})`, which torchrun has,"
        )
    if num_nodes > 1 or node_rank > 0:
        raise UnsupportedError("`notebook_launcher` on several machines, other than by torchrun,")
    if mixed_precision not in ("no", "fp16", "bf16"):
        raise ValueError(f"mixed_precision={mixed_precision!r} is unknown; choose from no, fp16, bf16.")
    if num_processes is None or num_processes <= 1:
        previous = os.environ.get("ACCELERATE_MIXED_PRECISION")
        os.environ["ACCELERATE_MIXED_PRECISION"] = mixed_precision
        try:
            function(*args)
        finally:
            del os.environ["ACCELERATE_MIXED_PRECISION"]
            if previous is not None:
                os.environ["ACCELERATE_MIXED_PRECISION"] = previous
        return
    if AcceleratorState._shared_state or PartialState._shared_state:
        raise ValueError(
            "To launch a multi-process training from your notebook, the `Accelerator` should only be initialized inside "
            "your training function. Restart your notebook and make sure no cell makes one."
        )
    if torch.cuda.is_initialized():
        raise RuntimeError(
            "To launch a multi-GPU training from your notebook, no cell may have used a GPU before. Restart your "
            "notebook, and touch the GPU inside the training function alone."
        )
    _start(function, args, num_processes, ACCELERATE_MIXED_PRECISION=mixed_precision)
