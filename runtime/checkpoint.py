"""Writing to disk, once for all processes."""

from __future__ import annotations

import os
from typing import IO, Any

import torch

from runtime.backend import Single


def save(obj: Any, file: str | os.PathLike[str] | IO[bytes], backend: Single, safe_serialization: bool = False) -> None:
    """Write an object on the main process; the others pass.

    Args:    safe_serialization: write a dictionary of tensors in the safetensors format instead of pickling it.
    Raises:  ImportError if that is asked for and safetensors is not installed; TypeError if ``file`` is no path then.
    """
    if backend.world.rank != 0:
        return
    if safe_serialization:
        from safetensors.torch import save_file

        if not isinstance(file, (str, os.PathLike)):
            raise TypeError("safetensors writes to a path, not to an open file.")
        save_file({name: value.contiguous() for name, value in obj.items()}, file, metadata={"format": "pt"})
    else:
        torch.save(obj, file)
