"""What every process of a run can ask and do: who am I, wait, print."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from runtime.backend import Single
from runtime.kind import DistributedType
from runtime.world import World


def _only_if(applies: Callable[[], bool], function: Callable[..., Any] | None) -> Callable[..., Any]:
    """Wrap ``function`` so that it returns None where ``applies`` does not hold when it is called.

    Raises:  ValueError without a function, as when a decorator's brackets are empty.
    """
    if function is None:
        raise ValueError("This decorator takes a function: write it without brackets, `@accelerator.on_main_process`.")

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs) if applies() else None

    return run


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

    @contextmanager
    def split_between_processes(self, inputs: Any, apply_padding: bool = False) -> Iterator[Any]:
        """Give the body this process's part of ``inputs``.

        Args:    inputs: a list, tuple, tensor, ``datasets.Dataset``, or a dictionary of them of one length.
                 apply_padding: repeat the last row until all parts have one length, so that they can be gathered.
        Raises:  ValueError if the values of a dictionary differ in length.
        """
        from runtime.share import split

        yield split(inputs, self._world, apply_padding)

    def on_main_process(self, function: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Decorate a function that only the first process of the run is to execute; the others return None."""
        return _only_if(lambda: self.is_main_process, function)

    def on_local_main_process(self, function: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Decorate a function that only the first process of each machine is to execute."""
        return _only_if(lambda: self.is_local_main_process, function)

    def on_last_process(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function that only the last process of the run is to execute."""
        return _only_if(lambda: self.is_last_process, function)

    def on_process(
        self, function: Callable[..., Any] | None = None, process_index: int | None = None
    ) -> Callable[..., Any]:
        """Decorate a function that one process is to execute; a process alone executes it whatever its index.

        Args:    process_index: the rank; with it alone, this makes the decorator.
        """
        if function is None and process_index is not None:
            return functools.partial(self.on_process, process_index=process_index)
        return _only_if(lambda: self.process_index == process_index or not self.use_distributed, function)

    def on_local_process(
        self, function: Callable[..., Any] | None = None, local_process_index: int | None = None
    ) -> Callable[..., Any]:
        """Decorate a function that one process of each machine is to execute.

        Args:    local_process_index: the rank on the machine; with it alone, this makes the decorator.
        """
        if function is None and local_process_index is not None:
            return functools.partial(self.on_local_process, local_process_index=local_process_index)
        return _only_if(lambda: self.local_process_index == local_process_index or not self.use_distributed, function)
