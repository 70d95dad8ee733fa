"""Files of tensors and plain values: written at once, and read without running any code of theirs."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


def safetensors_module() -> Any:
    """Import safetensors for torch.

    Raises:  ImportError with what to do instead.
    """
    try:
        import safetensors.torch
    except ImportError as error:
        raise ImportError("safetensors is not installed. Install it, or pass `safe_serialization=False`.") from error
    return safetensors.torch


def store(obj: Any, path: Path, safe: bool = False) -> None:
    """Write a file that appears whole or not at all.

    Args:    safe: a mapping of tensors, in the safetensors format.
    Raises:  RuntimeError, as `torch.save` does, where its folder is missing.
    """
    if not path.parent.is_dir():
        raise RuntimeError(f"Parent directory {path.parent} does not exist.")
    with tempfile.TemporaryDirectory(prefix=".", suffix=".partial", dir=path.parent) as folder:
        partial = Path(folder, path.name)  # torch.save writes the name into the file
        if safe:
            safetensors_module().save_file(dict(obj), partial, metadata={"format": "pt"})
        else:
            torch.save(obj, partial)
        os.replace(partial, path)


def _numpy_reader() -> list[Any]:
    """List what stored arrays of numbers are made of again; Accelerate's random states are such."""
    import numpy

    makers = numpy._core.multiarray if hasattr(numpy, "_core") else numpy.core.multiarray  # type: ignore[attr-defined]
    kinds = [type(numpy.dtype(kind)) for kind in ("uint32", "int64", "float32", "float64")]
    return [makers._reconstruct, numpy.ndarray, numpy.dtype, *kinds]


def load(path: str | os.PathLike[str], map_location: Any = None, arrays: bool = False, **kwargs: Any) -> Any:
    """Read what `torch.save` wrote, if it holds tensors and plain values alone.

    Args:    map_location: where tensors go.
             arrays: take arrays of numbers too.
             kwargs: those of ``torch.load``.
    Raises:  UnpicklingError on anything else, whose loading could run code.
    """
    known = _numpy_reader() if arrays else []
    try:
        with torch.serialization.safe_globals(known):
            return torch.load(path, map_location=map_location, **{"weights_only": True, **kwargs})
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(
            f"{path} holds more than tensors and plain values, and loading it could run code of whoever wrote it; "
            "nothing was loaded from it. If it is yours, name its classes in `torch.serialization.add_safe_globals`. "
            f"({str(error).splitlines()[0][:300]})"
        ) from None


def check_loadable(path: Path, what: str) -> None:
    """Find out, before it is needed, whether a file can be loaded again.

    Raises:  TypeError naming what it holds beside tensors and plain values.
    """
    foreign = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    if foreign:
        raise TypeError(
            f"The state of {what} holds {', '.join(sorted(foreign))}, and a checkpoint holds tensors and plain values "
            "alone, so that loading it runs no code. Return such values from its `state_dict`, or name the classes in "
            "`torch.serialization.add_safe_globals`."
        )


def is_tensor_mapping(obj: Any) -> bool:
    """Say whether safetensors can hold something."""
    return isinstance(obj, Mapping) and all(isinstance(value, torch.Tensor) for value in obj.values())
