"""Training on one process: what every operation means where there is nobody to share with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from runtime.world import World

NOTHING: AbstractContextManager[None] = nullcontext()  # without state, so one object serves every `with`


def _of_this_process() -> Single:
    from runtime.state import PartialState

    return PartialState()._backend


class Single:
    """The do-nothing defaults; `Replicated` overrides what processes share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.debug = world.debug

    def __deepcopy__(self, memo: dict[int, Any]) -> Single:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_this_process, ()  # a group of processes cannot be pickled, only found again

    def barrier(self) -> None:
        """Wait until every process has come here."""

    def check(self, operation: str, shapes: Sequence[Any]) -> None:
        """Before a collective, make sure that every process calls the same one with tensors of the same shapes."""

    def all_gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """Concatenate the tensors of all processes along dim 0, in rank order; 0-d ones as rows of one."""
        return tensor

    def all_reduce(self, tensor: torch.Tensor, operation: str) -> torch.Tensor:
        """Combine the tensors of all processes by ``"sum"`` or ``"max"`` into a new one."""
        return tensor.clone()

    def broadcast(self, tensor: torch.Tensor, source: int = 0) -> torch.Tensor:
        """Return the tensor of process ``source``; shapes and types are equal everywhere."""
        return tensor

    def gather_objects(self, value: Any) -> list[Any]:
        """List the values of all processes, in rank order."""
        return [value]

    def broadcast_object(self, value: Any, source: int = 0) -> Any:
        """Return the value of process ``source``."""
        return value

    def prepare_model(self, model: torch.nn.Module, options: Mapping[str, Any]) -> torch.nn.Module:
        """Make a model whose gradients are averaged; ``options`` are arguments of DistributedDataParallel."""
        return model

    def watch_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Take note of what an optimizer will update."""

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        """Compute gradients, averaged over the processes; ``kwargs`` are those of ``Tensor.backward``."""
        loss.backward(**kwargs)

    def no_sync(self, models: Sequence[torch.nn.Module]) -> AbstractContextManager[Any]:
        """Keep the gradients of ``models`` local inside the context."""
        return NOTHING

    def join(
        self, joinables: Sequence[Any], loaders: Sequence[Any], even_batches: bool, override: bool | None
    ) -> AbstractContextManager[None]:
        """Let a process whose batches are used up take part in the others' averages."""
        return NOTHING

    def forget(self) -> None:
        """Let go of everything that was prepared."""
