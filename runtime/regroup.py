"""Putting together again what processes computed on portions of one batch, in the batch's own order."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import torch

from runtime.backend import Single
from runtime.collect import gather_object
from runtime.errors import DistributedOperationException
from runtime.portion import Portion
from runtime.tree import leaves, recursively_apply

_Shape = tuple[int, ...]


def gather_portions(data: Any, backend: Single, portion: Portion, as_objects: bool) -> Any:
    """Gather rows from processes that have different numbers of them, each row of the batch once.

    Args:    data: nested tensors with a row for each row of this process's portion, or a list of objects.
             as_objects: pickle.
    Raises:  TypeError if there is anything but tensors, unless ``as_objects``; DistributedOperationException if the
             processes' tensors do not fit together.
    """
    if as_objects:
        return gather_object(_counted(data, portion), backend)
    backend.check("gather_for_metrics", ())
    shapes = backend.gather_objects([tuple(leaf.shape) for leaf in leaves(data) if isinstance(leaf, torch.Tensor)])
    if any(len(told) != len(shapes[0]) for told in shapes):
        raise _unequal(shapes)
    places = itertools.count()

    def join(tensor: torch.Tensor) -> torch.Tensor:
        place = next(places)
        told = [process[place] for process in shapes]
        if _are_rows(told, portion):
            return _join(tensor, backend, portion)
        if any(shape != told[0] for shape in told):
            raise _unequal(told)
        _warn(f"a tensor of shape {told[0]}")
        return backend.all_gather(tensor)

    return recursively_apply(join, data, error_on_other_type=True)


def _unequal(shapes: list[Any]) -> DistributedOperationException:
    return DistributedOperationException.of([("gather_for_metrics", shape) for shape in shapes])


def _are_rows(shapes: list[_Shape], portion: Portion) -> bool:
    """Say whether each process has one row for each that it computed on."""
    return all(shape[:1] == (portion.held(rank),) and shape[1:] == shapes[0][1:] for rank, shape in enumerate(shapes))


def _join(tensor: torch.Tensor, backend: Single, portion: Portion) -> torch.Tensor:
    widest = portion.held(0)
    padded = torch.cat([tensor, tensor.new_zeros((widest - len(tensor), *tensor.shape[1:]))])
    parts = backend.all_gather(padded).split(widest)
    return torch.cat([part[: portion.count(rank)] for rank, part in enumerate(parts)])


def _counted(data: Any, portion: Portion) -> Any:
    """Leave out the row of a process that has none of its own."""
    if not isinstance(data, (list, tuple, torch.Tensor)):
        return data
    if len(data) == portion.held(portion.rank):
        return data[: portion.count(portion.rank)]
    _warn("objects")
    return data


def _warn(what: str) -> None:
    # No number of the batch in it, so that Python tells it once.
    warnings.warn(
        f"`gather_for_metrics` got {what} with other rows than the process's portion of the batch has, so it cannot "
        "leave out repeated ones, and returns all. Gather one row for each sample, before averaging.",
        stacklevel=6,
    )
