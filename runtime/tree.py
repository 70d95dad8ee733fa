"""Nested tuples, lists and mappings of tensors: a batch, an output, what is gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch


def is_namedtuple(data: object) -> bool:
    """Tell a named tuple, which takes its fields one by one, from a plain tuple."""
    return isinstance(data, tuple) and hasattr(data, "_asdict") and hasattr(data, "_fields")


def honor_type(original: Any, items: Iterable[Any]) -> Any:
    """Make a sequence of the type of ``original`` from ``items``."""
    return type(original)(*items) if is_namedtuple(original) else type(original)(items)


def is_torch_tensor(data: object) -> bool:
    """Say whether ``data`` is a tensor."""
    return isinstance(data, torch.Tensor)


def recursively_apply(
    function: Callable[..., Any],
    data: Any,
    *args: Any,
    test_type: Callable[[Any], bool] = is_torch_tensor,
    error_on_other_type: bool = False,
    **kwargs: Any,
) -> Any:
    """Apply ``function`` to every leaf for which ``test_type`` holds, keeping the structure.

    Raises:  TypeError on another leaf, if ``error_on_other_type``.
    """
    if isinstance(data, (tuple, list)):
        return honor_type(
            data,
            [
                recursively_apply(
                    function, item, *args, test_type=test_type, error_on_other_type=error_on_other_type, **kwargs
                )
                for item in data
            ],
        )
    if isinstance(data, Mapping):
        values = {
            key: recursively_apply(
                function, value, *args, test_type=test_type, error_on_other_type=error_on_other_type, **kwargs
            )
            for key, value in data.items()
        }
        return type(data)(values)  # type: ignore[call-arg]
    if test_type(data):
        return function(data, *args, **kwargs)
    if error_on_other_type:
        raise TypeError(
            f"Unsupported types ({type(data)}) passed to `{getattr(function, '__name__', function)}`. Only nested "
            "list/tuple/dicts of objects that are valid for "
            f"`{getattr(test_type, '__name__', test_type)}` should be passed."
        )
    return data


def leaves(data: Any) -> list[Any]:
    """List what is neither tuple, list nor mapping, in order."""
    if isinstance(data, (tuple, list)):
        return [leaf for item in data for leaf in leaves(item)]
    if isinstance(data, Mapping):
        return [leaf for item in data.values() for leaf in leaves(item)]
    return [data]


def all_tensors(data: Any) -> bool:
    """Say whether every leaf is a tensor."""
    return all(map(is_torch_tensor, leaves(data)))


def send_to_device(
    data: Any, device: torch.device | str | int, non_blocking: bool = False, skip_keys: str | Sequence[str] = ()
) -> Any:
    """Move every tensor, and every other object that has a ``to``, to ``device``.

    Args:    non_blocking: do not wait for the copy; it has to start in pinned memory to make a difference.
             skip_keys: keys of mappings whose values stay where they are.
    """
    if isinstance(data, torch.Tensor):
        return data.to(device, non_blocking=non_blocking)
    if hasattr(data, "to"):
        try:
            return data.to(device, non_blocking=non_blocking)
        except TypeError:  # somebody's class, whose `to` takes a device alone
            return data.to(device)
    if isinstance(data, (tuple, list)):
        return honor_type(data, [send_to_device(item, device, non_blocking, skip_keys) for item in data])
    if isinstance(data, Mapping):
        skipped = (skip_keys,) if isinstance(skip_keys, str) else skip_keys or ()
        moved = {
            key: value if key in skipped else send_to_device(value, device, non_blocking, skip_keys)
            for key, value in data.items()
        }
        return type(data)(moved)  # type: ignore[call-arg]
    return data


def is_row_list(data: Any) -> bool:
    """Say whether ``data`` is a list of plain objects, one for each row of a batch, as collating strings leaves it."""
    return isinstance(data, list) and not any(isinstance(item, (torch.Tensor, Mapping, tuple, list)) for item in data)


def find_batch_size(data: Any) -> int:
    """Count the rows of a batch by its first tensor or list of objects.

    Raises:  ValueError if there is nothing to count; TypeError if the first leaf has no rows.
    """
    if isinstance(data, torch.Tensor) and data.ndim:
        return data.shape[0]
    if is_row_list(data) and data:
        return len(data)
    if isinstance(data, (tuple, list, Mapping)):
        if not data:
            raise ValueError(f"Cannot find the batch size of an empty {type(data).__name__}.")
        return find_batch_size(next(iter(data.values())) if isinstance(data, Mapping) else data[0])
    raise TypeError(f"Cannot find the batch size of a {type(data).__name__}.")


def concatenate(parts: Sequence[Any], dim: int = 0) -> Any:
    """Join batches of one structure along ``dim``, and lists of plain objects end to end.

    Raises:  TypeError on a leaf that has no rows.
    """
    first = parts[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(tuple(parts), dim=dim)
    if is_row_list(first):
        return [item for part in parts for item in part]
    if isinstance(first, (tuple, list)):
        return honor_type(first, [concatenate(items, dim) for items in zip(*parts, strict=True)])
    if isinstance(first, Mapping):
        joined = {key: concatenate([part[key] for part in parts], dim) for key in first}
        return type(first)(joined)  # type: ignore[call-arg]
    if len(parts) == 1:
        return first
    raise TypeError(f"Cannot concatenate values of type {type(first).__name__}; only tensors and lists have rows.")


def slice_rows(data: Any, rows: slice) -> Any:
    """Take rows out of every tensor and every list of plain objects."""
    if isinstance(data, torch.Tensor) or is_row_list(data):
        return data[rows]
    if isinstance(data, (tuple, list)):
        return honor_type(data, [slice_rows(item, rows) for item in data])
    if isinstance(data, Mapping):
        return type(data)({key: slice_rows(value, rows) for key, value in data.items()})  # type: ignore[call-arg]
    return data


def slice_tensors(
    data: Any, tensor_slice: slice, process_index: int | None = None, num_processes: int | None = None
) -> Any:
    """Take rows out of every tensor; the other arguments are those that a slicing function of a user may want."""
    return recursively_apply(lambda tensor: tensor[tensor_slice], data)


def listify(data: Any) -> Any:
    """Make lists of numbers of all tensors."""

    def numbers(tensor: torch.Tensor) -> Any:
        return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).detach().cpu().tolist()

    return recursively_apply(numbers, data)


def find_device(data: Any) -> torch.device | None:
    """Return the device of the first tensor, if there is one."""
    return next((leaf.device for leaf in leaves(data) if isinstance(leaf, torch.Tensor)), None)


def pad_input_tensors(data: Any, batch_size: int, num_processes: int, dim: int = 0) -> Any:
    """Append zeros to every tensor along ``dim`` until its ``batch_size`` rows divide by the number of processes."""
    missing = -batch_size % num_processes

    def pad(tensor: torch.Tensor) -> torch.Tensor:
        zeros = tensor.new_zeros((*tensor.shape[:dim], missing, *tensor.shape[dim + 1 :]))
        return torch.cat([tensor, zeros], dim=dim)

    return recursively_apply(pad, data, error_on_other_type=True) if missing else data
