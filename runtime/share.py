"""Dividing a list, a tensor or a table between the processes, as inference does with its prompts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import torch

from runtime.world import World


def _rows_of(length: int, world: World) -> tuple[slice, int]:
    """Say which rows this process gets, and how many the first one does; the earlier ones get the extra ones."""
    each, extra = divmod(length, world.size)
    start = world.rank * each + min(world.rank, extra)
    return slice(start, start + each + (world.rank < extra)), each + (extra > 0)


def _is_dataset(inputs: object) -> bool:
    """Recognise a table of Hugging Face's ``datasets`` without importing the library."""
    library = sys.modules.get("datasets")
    return library is not None and isinstance(inputs, library.Dataset)


def _part(inputs: Any, rows: slice, most: int, world: World, apply_padding: bool) -> Any:
    missing = most - len(range(*rows.indices(most * world.size))) if apply_padding else 0
    if isinstance(inputs, Mapping):
        parts = {key: _part(value, rows, most, world, apply_padding) for key, value in inputs.items()}
        return type(inputs)(parts)  # type: ignore[call-arg]
    if isinstance(inputs, torch.Tensor):
        part = inputs[rows]
        if not apply_padding:
            return part
        padded = torch.cat([part, inputs[-1:].expand(missing, *inputs.shape[1:])]) if missing else part
        return padded.to(world.device)
    if isinstance(inputs, (list, tuple)):
        return inputs[rows] + type(inputs)([inputs[-1]] * missing)
    if _is_dataset(inputs):
        indices = list(range(*rows.indices(len(inputs)))) + [len(inputs) - 1] * missing
        return inputs.select(indices)
    return inputs


def split(inputs: Any, world: World, apply_padding: bool = False) -> Any:
    """Take this process's part of ``inputs``; other things than lists, tuples, tensors and tables come back whole.

    Args:    inputs: anything with rows, or a mapping of such things of one length.
             apply_padding: repeat the last row until all parts have one length, as `gather` needs; moves tensors to
                 the device.
    Raises:  ValueError if the values of a mapping differ in length.
    Source:  accelerate 1.15 ``PartialState.split_between_processes``.
    """
    if world.size == 1:
        return inputs
    if isinstance(inputs, Mapping):
        lengths = {len(value) for value in inputs.values()}
        if len(lengths) > 1:
            raise ValueError(f"All values in the dictionary must have the same length; these have {sorted(lengths)}.")
        length = next(iter(lengths), 0)
    else:
        length = len(inputs)
    rows, most = _rows_of(length, world)
    return _part(inputs, rows, most, world, apply_padding)
