"""After a collective has failed: which process is gone, told by its rank.

Torch says that a connection was closed, not whose. A message to a process that is gone fails at once, so every process
tries one to each other. And before it gives up itself, it leaves a word in the store that the processes met at: so who
comes later can tell the process that failed from those that went down after it.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import _get_default_store

from runtime.errors import ProcessLost
from runtime.world import World

# By words, for torch raises a plain RuntimeError here, as it does for everything that fails in a backward.
_FAILED = re.compile(r"gloo/|pair closure|Connection (closed|reset) by peer|Broken pipe|Timed out waiting|NCCL")
_TIMED_OUT = re.compile(r"Timed out|timeout", re.IGNORECASE)
_GRACE_S = 2.0  # for processes that gave up at the same time to say so
_TAG = 0x10577

Method = TypeVar("Method", bound=Callable[..., Any])


def names_the_lost(method: Method) -> Method:
    """Make a collective of a backend raise ProcessLost when it fails because another process is gone."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except RuntimeError as error:
            if isinstance(error, ProcessLost) or not _is_failed_collective(error):
                raise
            explained = _explained(error, method.__name__, self.world)
            if explained is None:
                raise
            raise explained from error

    return call  # type: ignore[return-value]


def _is_failed_collective(error: RuntimeError) -> bool:
    """Tell a collective that broke off from whatever else a backward may raise."""
    return isinstance(error, dist.DistError) or _FAILED.search(str(error)) is not None


def _explained(error: RuntimeError, operation: str, world: World) -> ProcessLost | None:
    """Find out who is gone; None if all can be reached, so that the error is somebody else's."""
    others = [rank for rank in range(world.size) if rank != world.rank]
    timed_out = _TIMED_OUT.search(str(error)) is not None
    suspects = others
    if world.transport == "gloo" and not timed_out:
        suspects = [rank for rank in others if _is_unreachable(rank)]
    if not suspects:
        return None
    lost = _without_answer(suspects, world, timed_out)
    return ProcessLost(operation, lost, timed_out, world.rank, world.size)


def _is_unreachable(rank: int) -> bool:
    """Try to send to a process; only the start of it matters, nobody receives it."""
    try:
        dist.isend(torch.zeros(1), rank, tag=_TAG)
    except RuntimeError:
        return True
    return False


def _without_answer(ranks: list[int], world: World, timed_out: bool) -> list[int]:
    """Say in the store that this process gives up, and list those of ``ranks`` that have not said so in time."""
    if 0 in ranks and world.transport == "gloo" and not timed_out and not dist.is_torchelastic_launched():
        return ranks  # the store went down with process 0, that kept it
    try:
        store = dist.PrefixStore("runtime/given_up", _get_default_store())
        store.set(str(world.rank), "")
        deadline = time.monotonic() + _GRACE_S
        silent = ranks
        while silent and time.monotonic() < deadline:
            time.sleep(0.05)
            silent = [rank for rank in silent if not store.check([str(rank)])]
    except RuntimeError:  # nor is there a store any more
        return ranks
    return silent
