"""Gathering, reducing and padding nested tensors over the processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from runtime.backend import Single
from runtime.errors import CannotPadNestedTensorWarning, SettingsError
from runtime.portion import Portion
from runtime.state import own_backend
from runtime.tree import all_tensors, leaves, recursively_apply

if TYPE_CHECKING:
    from runtime.loader import LoaderPass
    from runtime.sampler import Tail
    from runtime.state import GradientState

_REDUCTIONS = ("sum", "mean", "max", "none")


def _check_shapes(operation: str, data: Any, backend: Single) -> None:
    """Find out before a collective whether it would hang, end the process or mix up rows; see `Replicated.check`.

    Raises:  DistributedOperationException if the processes came with different shapes or operations (names all).
    """
    backend.check(operation, [tuple(leaf.shape) for leaf in leaves(data) if isinstance(leaf, torch.Tensor)])


def gather(tensor: Any, backend: Single | None = None) -> Any:
    """Concatenate every tensor from all processes along dim 0, in rank order.

    Args:    tensor: nested tensors of shape ``(n, ...)``, equal on every process; 0-d ones count as ``(1,)``.
             backend: by default this process's.
    Returns: the same structure, shapes ``(n * processes, ...)``; no gradient flows back. On one process, ``tensor``.
    Raises:  TypeError if there is anything but tensors; DistributedOperationException on unequal shapes (on GPUs only
             where ACCELERATE_DEBUG_MODE is set, else the processes hang: the check would wait for the GPU).
    Source:  accelerate 1.15 ``Accelerator.gather``.
    """
    backend = backend or own_backend()
    if backend.world.size == 1:
        return tensor
    _check_shapes("gather", tensor, backend)
    return recursively_apply(backend.all_gather, tensor, error_on_other_type=True)


def gather_object(object: Any, backend: Single | None = None) -> Any:
    """Concatenate a list of picklable objects from all processes; on one process, return ``object``."""
    backend = backend or own_backend()
    if backend.world.size == 1:
        return object
    backend.check("gather_object", ())
    return [item for items in backend.gather_objects(object) for item in items]


def broadcast(tensor: Any, from_process: int = 0, backend: Single | None = None) -> Any:
    """Return the nested tensors of one process on all.

    Args:    tensor: of the same shapes and types everywhere.
    Raises:  TypeError if there is anything but tensors.
    """
    backend = backend or own_backend()
    if backend.world.size == 1:
        return tensor
    _check_shapes("broadcast", tensor, backend)
    return recursively_apply(backend.broadcast, tensor, from_process, error_on_other_type=True)


def broadcast_object_list(object_list: list[Any], from_process: int = 0, backend: Single | None = None) -> list[Any]:
    """Overwrite a list of picklable objects with that of one process, and return it."""
    backend = backend or own_backend()
    backend.check("broadcast_object_list", ())
    object_list[:] = backend.broadcast_object(object_list, from_process)
    return object_list


def gather_for_metrics(data: Any, backend: Single, walk: LoaderPass | None, use_gather_object: bool = False) -> Any:
    """Gather, and in the last batch of the loader leave out the rows that only fill it up.

    Args:    data: nested tensors with one row for each sample of the batch, or objects.
             walk: the active walk over a prepared loader, if any.
             use_gather_object: pickle, for tensors whose shapes differ.
    """
    if backend.world.size == 1:
        return data
    as_objects = use_gather_object or not all_tensors(data)
    layout = None if walk is None else walk.layout
    if isinstance(layout, Portion):
        from runtime.regroup import gather_portions

        return gather_portions(data, backend, layout, as_objects)
    gathered = gather_object(data, backend) if as_objects else gather(data, backend)
    if layout is None:
        return gathered
    if as_objects:
        return _trim(gathered, layout)
    return recursively_apply(_trim, gathered, layout)


def _trim(rows: Any, tail: Tail) -> Any:
    """Keep the rows of real samples; the repeated ones stand behind them."""
    if len(rows) == tail.padded:
        return rows[: tail.real]
    warnings.warn(
        f"`gather_for_metrics` got {len(rows)} rows from all processes for a last batch of {tail.padded} samples, of "
        f"which {tail.padded - tail.real} are repeated, and returns all of them. Gather one row for each sample, "
        "before averaging.",
        stacklevel=4,
    )
    return rows


def reduce(tensor: Any, reduction: str = "mean", scale: float = 1.0, backend: Single | None = None) -> Any:
    """Combine every tensor over all processes; every process gets new tensors with the result.

    Args:    reduction: "sum", "mean", "max", or "none" for a copy of the process's own.
             scale: a factor of the result.
    Raises:  SettingsError on another ``reduction``; TypeError if there is anything but tensors.
    """
    if str(reduction) not in _REDUCTIONS:
        raise SettingsError(f"reduction={reduction!r} is unknown; choose from {', '.join(_REDUCTIONS)}.")
    backend = backend or own_backend()
    _check_shapes("reduce", tensor, backend)
    return recursively_apply(_reducer(backend, reduction, scale), tensor, error_on_other_type=True)


def _reducer(backend: Single, reduction: str, scale: float) -> Callable[[torch.Tensor], torch.Tensor]:
    def combine(tensor: torch.Tensor) -> torch.Tensor:
        if reduction == "none":
            return tensor.clone()
        result = backend.all_reduce(tensor, "max" if reduction == "max" else "sum")
        if reduction == "mean" and backend.world.size > 1:
            result = result / backend.world.size
        return result if scale == 1.0 else result * scale

    return combine


def pad_across_processes(
    tensor: Any, dim: int = 0, pad_index: int = 0, pad_first: bool = False, backend: Single | None = None
) -> Any:
    """Pad every tensor along ``dim`` to the longest of all processes, so that it can be gathered.

    Args:    dim: where a tensor does not have it, it stays as it is.
             pad_index: the value to pad with.
             pad_first: pad in front.
    Raises:  TypeError if there is anything but tensors.
    """
    backend = backend or own_backend()

    def pad(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_nested:
            warnings.warn(
                "A nested tensor has no single length, so it was not padded.", CannotPadNestedTensorWarning, 4
            )
            return tensor
        if not -tensor.ndim <= dim < tensor.ndim:
            return tensor
        length = tensor.shape[dim]
        longest = int(backend.all_reduce(torch.tensor(length, device=tensor.device), "max"))
        if longest == length:
            return tensor
        missing = tensor.new_full((*tensor.shape[:dim], longest - length, *tensor.shape[dim:][1:]), pad_index)
        return torch.cat([missing, tensor] if pad_first else [tensor, missing], dim=dim)

    backend.check("pad_across_processes", [leaf.ndim for leaf in leaves(tensor) if isinstance(leaf, torch.Tensor)])
    padded = recursively_apply(pad, tensor, error_on_other_type=backend.world.size > 1)
    return tensor if backend.world.size == 1 else padded


class Collectives:
    """Gathering and reducing, as methods."""

    _backend: Single
    gradient_state: GradientState

    def gather(self, tensor: Any) -> Any:
        """Concatenate nested tensors from all processes along dim 0, in rank order.

        Args:    tensor: shape ``(n, ...)``, equal on every process; 0-d counts as ``(1,)``.
        Returns: shape ``(n * num_processes, ...)``; on one process, ``tensor``.
        """
        return gather(tensor, self._backend)

    def gather_for_metrics(self, input_data: Any, use_gather_object: bool = False) -> Any:
        """Gather one row for each sample, leaving out the repeated samples of a loader's last batch.

        Args:    input_data: nested tensors with a row for each sample of the current batch, or a list of objects.
                 use_gather_object: pickle, for tensors whose shapes differ.
        """
        return gather_for_metrics(input_data, self._backend, self.gradient_state.active_pass, use_gather_object)

    def reduce(self, tensor: Any, reduction: str = "sum", scale: float = 1.0) -> Any:
        """Combine nested tensors over all processes into new ones.

        Args:    reduction: "sum", "mean", "max", or "none" for a copy of the process's own.
                 scale: a factor of the result.
        """
        return reduce(tensor, reduction, scale, self._backend)

    def pad_across_processes(self, tensor: Any, dim: int = 0, pad_index: int = 0, pad_first: bool = False) -> Any:
        """Pad nested tensors along ``dim`` to the longest of all processes, so that they can be gathered."""
        return pad_across_processes(tensor, dim, pad_index, pad_first, self._backend)
