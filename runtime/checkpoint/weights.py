"""The weights of a model in files: one or several, of safetensors or of torch."""

from __future__ import annotations

import json
import logging
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from runtime.checkpoint.storage import load, safetensors_module, store
from runtime.errors import SettingsError, UnsupportedError

_logger = logging.getLogger(__name__)
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_STEMS = {True: ("model", ".safetensors"), False: ("pytorch_model", ".bin")}
_WRAPPERS = ("module.", "_orig_mod.")


def weights_name(index: int, safe: bool) -> str:
    """Name the file of the model with number ``index``."""
    stem, ending = _STEMS[safe]
    return f"{stem}{f'_{index}' if index else ''}{ending}"


def _extent(tensor: torch.Tensor) -> tuple[Any, ...]:
    return (
        tensor.untyped_storage().data_ptr(),
        tensor.storage_offset(),
        tuple(tensor.shape),
        tensor.stride(),
        tensor.dtype,
    )


def _is_stored(tensor: torch.Tensor) -> bool:
    return tensor.device.type != "meta" and tensor.numel() > 0


def tied_names(state: Mapping[str, Any]) -> list[list[str]]:
    """List the groups of names that stand for the very same tensor."""
    groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, tensor in state.items():
        if isinstance(tensor, torch.Tensor) and _is_stored(tensor):
            groups[_extent(tensor)].append(name)
    return [names for names in groups.values() if len(names) > 1]


def without_ties(state: Mapping[str, Any]) -> dict[str, Any]:
    """Keep one name of each tensor, since safetensors holds none twice, and give the rest memory of their own."""
    removed = sorted(name for names in tied_names(state) for name in names[1:])
    if removed:
        _logger.warning(
            "Removed shared tensor %s while saving. This should be OK, but check by verifying that you don't receive any "
            "warning while reloading",
            removed,
        )
    kept = {name: tensor for name, tensor in state.items() if name not in removed}
    sharing: dict[int, int] = defaultdict(int)
    for tensor in kept.values():
        sharing[tensor.untyped_storage().data_ptr()] += 1
    return {
        name: tensor.clone() if sharing[tensor.untyped_storage().data_ptr()] > 1 else tensor.contiguous()
        for name, tensor in kept.items()
    }


def with_ties(state: dict[str, Any], model: nn.Module) -> dict[str, Any]:
    """Give every name that is tied in ``model`` the tensor of the one that was kept."""
    for names in tied_names(model.state_dict()):
        known = next((name for name in names if name in state), None)
        for name in names if known is not None else ():
            state.setdefault(name, state[known])
    return state


def _without_wrappers(state: dict[str, Any], model: nn.Module) -> dict[str, Any]:
    """Strip what wrappers put before all names, in files from elsewhere."""
    own = set(model.state_dict())
    for prefix in _WRAPPERS:
        if state and not own & set(state) and all(name.startswith(prefix) for name in state):
            return _without_wrappers({name[len(prefix) :]: value for name, value in state.items()}, model)
    return state


def read_weights(path: Path, device: Any = "cpu") -> dict[str, Any]:
    """Read a file of weights; no code of it is run.

    Raises:  FileNotFoundError; UnpicklingError if a file of torch's holds anything but tensors.
    """
    if path.suffix == ".safetensors":
        state: dict[str, Any] = safetensors_module().load_file(path, device=str(device))
    else:
        state = load(path, map_location=device)
    return state


def load_weights(model: nn.Module, folder: Path, index: int, device: Any = "cpu", **options: Any) -> None:
    """Load the weights of the model with number ``index`` from a checkpoint.

    Args:    options: those of ``load_state_dict``.
    Raises:  FileNotFoundError if there are none.
    """
    paths = [folder / weights_name(index, safe) for safe in (True, False)]
    path = next((one for one in paths if one.exists()), None)
    if path is None:
        raise FileNotFoundError(
            f"{folder} holds no weights for the model with number {index}: neither {paths[0].name} nor {paths[1].name}. "
            "Prepare as many models, in the same order, as when it was saved."
        )
    state = _without_wrappers(read_weights(path, device), model)
    model.load_state_dict(with_ties(state, model), **options)


def parse_size(size: int | str) -> int:
    """Count the bytes of "10GB" or "512MiB".

    Raises:  SettingsError on another form.
    """
    if isinstance(size, int):
        return size
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)\s*", size, re.IGNORECASE)
    if found is None:
        raise SettingsError(f'max_shard_size={size!r} is no size; write a number of bytes, or such as "10GB".')
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _shards(state: Mapping[str, torch.Tensor], most: int) -> list[dict[str, torch.Tensor]]:
    """Divide a state, in its order, into pieces of at most ``most`` bytes; a larger tensor has its own."""
    shards: list[dict[str, torch.Tensor]] = [{}]
    filled = 0
    for name, tensor in state.items():
        size = tensor.numel() * tensor.element_size()
        if shards[-1] and filled + size > most:
            shards.append({})
            filled = 0
        shards[-1][name] = tensor
        filled += size
    return shards


def save_weights(state: Mapping[str, Any], folder: Path, max_shard_size: int | str, safe: bool) -> None:
    """Write a state into a folder, in one file, or in several with an index; shards of an earlier one are deleted."""
    stem, ending = _STEMS[safe]
    whole = without_ties(state) if safe else dict(state)
    shards = _shards(whole, parse_size(max_shard_size))
    names = [
        f"{stem}{ending}" if len(shards) == 1 else f"{stem}-{number:05}-of-{len(shards):05}{ending}"
        for number in range(1, len(shards) + 1)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for name, shard in zip(names, shards, strict=True):
        store(shard, folder / name, safe)
    index = folder / f"{stem}{ending}.index.json"
    old = re.compile(rf"{stem}-\d{{5}}-of-\d{{5}}{re.escape(ending)}")
    for path in folder.iterdir():
        if path.name not in names and (old.fullmatch(path.name) or path.name in (index.name, f"{stem}{ending}")):
            path.unlink()
    if len(shards) > 1:
        places = {tensor: name for name, shard in zip(names, shards, strict=True) for tensor in shard}
        total = sum(tensor.numel() * tensor.element_size() for tensor in whole.values())
        text = json.dumps({"metadata": {"total_size": total}, "weight_map": places}, indent=2, sort_keys=True)
        index.write_text(text + "\n")


def _weight_files(checkpoint: Path) -> list[Path]:
    """List the files that a path stands for: a file, an index, or a folder with either."""
    if checkpoint.suffix == ".json":
        names = json.loads(checkpoint.read_text())["weight_map"].values()
        return [checkpoint.parent / Path(name).name for name in sorted(set(names))]
    if checkpoint.is_file():
        return [checkpoint]
    for safe in (True, False):
        if (whole := checkpoint / weights_name(0, safe)).exists():
            return [whole]
    indices = sorted(checkpoint.glob("*.index.json"))
    if len(indices) != 1:
        raise ValueError(
            f"{checkpoint} holds neither {weights_name(0, True)} nor {weights_name(0, False)}, and {len(indices)} files "
            "with an index of weights instead of one."
        )
    return _weight_files(indices[0])


def load_checkpoint_in_model(
    model: nn.Module,
    checkpoint: str | os.PathLike[str],
    device_map: Any = None,
    dtype: torch.dtype | str | None = None,
    strict: bool = False,
    **unsupported: Any,
) -> None:
    """Load weights that `Accelerator.save_model` wrote; no code of the files is run.

    Args:    checkpoint: a folder, a file of weights, or an index.
             dtype: convert floating-point weights to it.
             strict: insist that the names in the file and in the model are the same.
    Raises:  UnsupportedError on a device map or offloading; ValueError on a folder without weights.
    """
    for name, value in {"device_map": device_map, **unsupported}.items():
        if value:
            raise UnsupportedError(f"`load_checkpoint_in_model({name}=...)`")
    state: dict[str, Any] = {}
    for path in _weight_files(Path(checkpoint)):
        state.update(read_weights(path))
    if dtype is not None:
        kind = getattr(torch, dtype) if isinstance(dtype, str) else dtype
        state = {name: value.to(kind) if value.is_floating_point() else value for name, value in state.items()}
    model.load_state_dict(with_ties(state, model), strict=strict)
