"""A model under DistributedDataParallel that still looks like the user's own."""

from __future__ import annotations

import copy
import operator
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from runtime.backend.reduction import Reduction

# Attributes of DistributedDataParallel that it does not read itself when there is one device for each process.
_SPARE = ("dim",)
_PREFIX = "module."


def _without_overlap(module: nn.Module) -> None:
    """Give expanded buffers memory of their own: a broadcast cannot write into elements that share it."""
    for part in module.modules():
        for name, buffer in part._buffers.items():
            if buffer is not None and any(n > 1 and step == 0 for n, step in zip(buffer.shape, buffer.stride())):  # noqa: B905
                part._buffers[name] = buffer.contiguous()


def _trainable(module: nn.Module) -> dict[str, nn.Parameter]:
    ignored = getattr(module, "_ddp_params_and_buffers_to_ignore", ())
    return {name: p for name, p in module.named_parameters() if p.requires_grad and name not in ignored}


def _sparse_weights(module: nn.Module) -> set[int]:
    tables = (part for part in module.modules() if isinstance(part, (nn.Embedding, nn.EmbeddingBag)))
    return {id(table.weight) for table in tables if table.sparse}


def _bytes(buffer: torch.Tensor) -> torch.Tensor:
    return buffer.detach().contiguous().view(-1).view(torch.uint8)


# torch.distributed.checkpoint knows DistributedDataParallel, takes ``module.`` off the names itself, and raises where
# it finds none. So it alone is given the names that it expects.
_CHECKPOINT = "torch.distributed.checkpoint.state_dict"
_FOR_CHECKPOINT: dict[str, Callable[..., Any]] = {
    "state_dict": lambda module, **_: module.state_dict(prefix=_PREFIX),
    "named_children": lambda module: iter([("module", module)]),
    "named_modules": lambda module: module.named_modules(prefix="module"),
    "named_parameters": lambda module, recurse=True: module.named_parameters("module") if recurse else iter(()),
    "named_buffers": lambda module, recurse=True: module.named_buffers("module") if recurse else iter(()),
}


def _ask_module(name: str) -> Callable[..., Any]:
    """Make a method that is the user's module's own, so that names carry no ``module.``."""

    def method(self: Replica, *args: Any, **kwargs: Any) -> Any:
        if name in _FOR_CHECKPOINT and sys._getframe(1).f_globals.get("__name__") == _CHECKPOINT:
            return _FOR_CHECKPOINT[name](self.module, **kwargs)
        return getattr(self.module, name)(*args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"Call ``{name}`` of the user's module."
    return method


class Replica(DistributedDataParallel):
    """The user's module, trained together with its copies in the other processes.

    Attributes, methods, items and state are the module's. Forward makes no collective (buffers are shared after a
    backward), so that one process alone may evaluate. Pickling or copying gives the module.
    """

    def __init__(self, module: nn.Module, **options: Any) -> None:
        _without_overlap(module)
        parameters = list(_trainable(module).values())
        sparse = _sparse_weights(module)
        torch_completes = options.get("find_unused_parameters", False) or options.get("static_graph", False)
        reduction = Reduction(parameters, [id(p) in sparse for p in parameters], completes=not torch_completes)
        super().__init__(module, **options)
        self._reduction = reduction
        self._shares_buffers = options.get("broadcast_buffers", True)
        self._buffer_places = self._list_buffers()
        self._hide_own_attributes()
        self._sealed = True

    def _list_buffers(self) -> list[tuple[dict[str, torch.Tensor | None], str]]:
        """Where the buffers are kept, not which: user code replaces them by assignment."""
        return [
            (part._buffers, name)
            for path, part in self.module.named_modules()
            for name in part._buffers
            if f"{path}.{name}".lstrip(".") not in self.parameters_to_ignore
        ]

    def _hide_own_attributes(self) -> None:
        """Let the module's attribute show where DistributedDataParallel has one of the same name, or tell of it."""
        names = {*self.__dict__, *vars(DistributedDataParallel)} - {"training", "device"}
        for name in sorted(name for name in names if not name.startswith("_") and not hasattr(nn.Module, name)):
            if not hasattr(self.module, name):
                continue
            if name in _SPARE:
                self.__dict__.pop(name, None)
                continue
            warnings.warn(
                f"`{name}` of the prepared model is DistributedDataParallel's, not {type(self.module).__name__}'s. "
                f"To reach yours, write `accelerator.unwrap_model(model).{name}`.",
                stacklevel=6,
            )

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Call the module, and expect a backward if gradients are enabled."""
        output = super().forward(*inputs, **kwargs)
        if torch.is_grad_enabled():
            self._reduction.note_forward(self.require_backward_grad_sync)
        return output

    def _check_sync_bufs_pre_fwd(self) -> bool:
        """Tell torch to leave buffers alone in forward.

        A broadcast there writes into buffers that an earlier forward of the same step may have saved for its backward
        (``modified by an inplace operation``), and hangs when one process alone evaluates. Where processes join others
        that go on, torch's own order of collectives is kept: a process that has no more batches follows it.
        """
        return bool(self._join_config.enable and super()._check_sync_bufs_pre_fwd())

    def _expect_backward(self) -> None:
        """Before any backward, be ready to average."""
        self._reduction.expect(self.reducer, self.require_backward_grad_sync)

    def _settle_backward(self) -> None:
        """After a backward, complete the average, and take over the buffers of process 0 if it was this model's."""
        if not self._reduction.settle(self.require_backward_grad_sync) or self._join_config.enable:
            return
        # Torch orders its buckets anew once, in the next forward. That fails if the reducer listens again by then, and
        # hangs if one process alone makes that forward.
        if self.reducer._rebuild_buckets():
            self._has_rebuilt_buckets = True
        if self._shares_buffers and self.module.training:
            self._share_buffers()

    def _share_buffers(self) -> None:
        buffers = [buffer for place, name in self._buffer_places if (buffer := place.get(name)) is not None]
        if not buffers:
            return
        pieces = [_bytes(buffer) for buffer in buffers]  # bytes, so that one broadcast serves every type
        flat = torch.cat(pieces)
        torch.distributed.broadcast(flat, 0, group=self.process_group)
        if torch.distributed.get_rank() == 0:
            return
        for buffer, piece in zip(buffers, flat.split([len(piece) for piece in pieces]), strict=True):
            # `.data` has a version counter of its own: a graph that is kept for another backward stays valid.
            buffer.data.copy_(piece.clone().view(buffer.dtype).view(buffer.shape))

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            module = self.__dict__.get("_modules", {}).get("module")
            if module is None:
                raise
            return getattr(module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if "_sealed" not in self.__dict__ or self._owns(name):
            super().__setattr__(name, value)
        else:
            setattr(self.module, name, value)

    def __delattr__(self, name: str) -> None:
        if self._owns(name):
            super().__delattr__(name)
        else:
            delattr(self.module, name)

    def _owns(self, name: str) -> bool:
        """Torch sets private attributes of its own now and then, long after construction."""
        if name in self.__dict__ or hasattr(type(self), name):
            return True
        return name == "module" or (name.startswith("_") and not hasattr(self.module, name))

    state_dict = _ask_module("state_dict")
    named_parameters = _ask_module("named_parameters")
    named_buffers = _ask_module("named_buffers")
    named_modules = _ask_module("named_modules")
    named_children = _ask_module("named_children")
    get_submodule = _ask_module("get_submodule")
    get_parameter = _ask_module("get_parameter")
    get_buffer = _ask_module("get_buffer")
    register_buffer = _ask_module("register_buffer")
    register_parameter = _ask_module("register_parameter")
    register_module = _ask_module("register_module")
    add_module = _ask_module("add_module")

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Load a state saved from the module, or from a plain DistributedDataParallel around it."""
        if state_dict and all(key.startswith(_PREFIX) for key in state_dict) and "module" not in self.module._modules:
            state_dict = {key[len(_PREFIX) :]: value for key, value in state_dict.items()}
        return self.module.load_state_dict(state_dict, *args, **kwargs)

    # `children` shows the module's, so what torch does over children has to start at the module itself.
    def train(self, mode: bool = True) -> Replica:
        """Set training mode on the module."""
        self.training = mode
        self.module.train(mode)
        return self

    def apply(self, fn: Callable[[nn.Module], None]) -> Replica:
        """Apply ``fn`` to the module and every part of it."""
        self.module.apply(fn)
        return self

    def _apply(self, *args: Any, **kwargs: Any) -> Replica:
        self.module._apply(*args, **kwargs)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self.module[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.module[key] = value

    def __contains__(self, item: object) -> bool:
        return item in self.module

    def __len__(self) -> int:
        return len(self.module)

    def __bool__(self) -> bool:
        try:
            return bool(self.module)
        except TypeError:  # a compiled module has a length by its class, and none by what it compiles
            return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.module)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.module)})

    def __copy__(self) -> Any:
        return copy.copy(self.module)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self.module, memo)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Built-in names alone: whoever loads the file needs neither this package nor a process group.
        return operator.getitem, ([self.module], 0)
