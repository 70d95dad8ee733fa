"""Running out of memory: giving it back, and finding the batch size that fits."""

from __future__ import annotations

import functools
import gc
import inspect
from collections.abc import Callable
from typing import Any

import torch

# How torch says that memory is short; no error type of its own covers all of them.
_SHORTAGES = (
    " out of memory.",
    "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED.",
    "DefaultCPUAllocator: can't allocate memory",
)


def clear_device_cache(garbage_collection: bool = False) -> None:
    """Give cached memory of the device back.

    Args:    garbage_collection: collect first, which is slow.
    """
    if garbage_collection:
        gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
    elif torch.xpu.is_initialized():
        torch.xpu.empty_cache()


def release_memory(*objects: Any) -> list[None]:
    """Give cached memory back, once the caller has let go of ``objects``.

    Returns: a None for each of ``objects``, to overwrite the caller's names with: ``a, b = release_memory(a, b)``.
    """
    count = len(objects)
    del objects
    clear_device_cache(garbage_collection=True)
    return [None] * count


def should_reduce_batch_size(exception: Exception) -> bool:
    """Say whether an error means that memory is short."""
    if isinstance(exception, torch.OutOfMemoryError):
        return True
    if not isinstance(exception, RuntimeError) or len(exception.args) != 1:
        return False
    return any(shortage in str(exception.args[0]) for shortage in _SHORTAGES)


def _refuse_batch_size(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Stop a caller who passes the batch size too.

    Raises:  TypeError if there are more arguments than parameters after the first.
    """
    parameters = list(inspect.signature(function).parameters)
    if len(parameters) < len(args) + 1:
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(parameters[1:], args[1:], strict=False))
        raise TypeError(
            f"Batch size was passed into `{function.__name__}` as the first argument when called. Remove this as the "
            f"decorator already does so: `{function.__name__}({shown})`"
        )


def find_executable_batch_size(
    function: Callable[..., Any] | None = None,
    starting_batch_size: int = 128,
    reduce_batch_size_fn: Callable[[], int] | None = None,
) -> Callable[..., Any]:
    """Decorate a function of a batch size: it is called again with nine tenths of it until its memory suffices.

    Args:    function: takes ``batch_size`` first; without it, this makes the decorator.
             reduce_batch_size_fn: returns the next size to try.
    Raises:  RuntimeError, when called, if not even one sample fits; TypeError if the caller passes a batch size.
    Source:  accelerate 1.15 ``find_executable_batch_size``.
    """
    if function is None:
        return functools.partial(
            find_executable_batch_size,
            starting_batch_size=starting_batch_size,
            reduce_batch_size_fn=reduce_batch_size_fn,
        )
    batch_size = starting_batch_size

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        nonlocal batch_size
        clear_device_cache(garbage_collection=True)
        _refuse_batch_size(function, args)
        while batch_size > 0:
            try:
                return function(batch_size, *args, **kwargs)
            except Exception as error:
                if not should_reduce_batch_size(error):
                    raise
            # Outside the except block, whose traceback holds the tensors of the failed call.
            clear_device_cache(garbage_collection=True)
            batch_size = int(batch_size * 0.9) if reduce_batch_size_fn is None else reduce_batch_size_fn()
        raise RuntimeError("No executable batch size found, reached zero.")

    return run
