"""What every process of a run can ask and do: who am I, wait, print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from runtime.backend import Single
from runtime.kind import DistributedType
from runtime.world import World


class ProcessControl:
    """Rank, device and order of the processes, for the Accelerator and for its state alike."""

    _world: World
    _backend: Single

    @property
    def device(self) -> torch.device:
        """The device that prepared objects are moved to."""
        return self._world.device

    @property
    def distributed_type(self) -> DistributedType:
        """How the processes work together."""
        return self._world.distributed_type

    @property
    def use_distributed(self) -> bool:
        """Whether there is more than one process."""
        return self._world.size > 1

    @property
    def num_processes(self) -> int:
        """The number of processes of the run, on all machines."""
        return self._world.size

    @property
    def process_index(self) -> int:
        """The rank of this process among all."""
        return self._world.rank

    @property
    def local_process_index(self) -> int:
        """The rank of this process on its machine."""
        return self._world.local_rank

    @property
    def is_main_process(self) -> bool:
        """Whether this is the first process of the run."""
        return self._world.rank == 0

    @property
    def is_local_main_process(self) -> bool:
        """Whether this is the first process of its machine."""
        return self._world.local_rank == 0

    @property
    def is_last_process(self) -> bool:
        """Whether this is the last process of the run."""
        return self._world.rank == self._world.size - 1

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Print once on every machine."""
        if self.is_local_main_process:
            print(*args, **kwargs)  # noqa: T201 - it is what users call this for

    def wait_for_everyone(self) -> None:
        """Wait until every process has come here."""
        self._backend.barrier()

    @contextmanager
    def _first(self, is_first: bool) -> Iterator[None]:
        if not is_first:
            self._backend.barrier()
        try:
            yield
        finally:
            if is_first:  # also when the body raised: the others would wait for ever
                self._backend.barrier()

    @contextmanager
    def main_process_first(self) -> Iterator[None]:
        """Run the body on the first process of the run, then on all others."""
        with self._first(self.is_main_process):
            yield

    @contextmanager
    def local_main_process_first(self) -> Iterator[None]:
        """Run the body on the first process of each machine, then on all others."""
        with self._first(self.is_local_main_process):
            yield
