"""Runs a script as the main module of this process and writes down what it does, without changing what it does.

Hooks sit below the script, in torch, and draw no random number. Two things are fixed for all runs alike: loaders use no
worker processes, so that augmentation draws from the streams that are recorded; every stream starts from the same seed.
"""

from __future__ import annotations

import os
import random
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import optimizer as optimizers
from torch.utils.data import DataLoader, dataloader

from tests.oracle.trace import Backward, Fetch, Finish, Random, Save, Step, Trace, Write

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_WORKER_OPTIONS = ("persistent_workers", "prefetch_factor", "multiprocessing_context", "timeout")
_BACKWARD, _AUTOGRAD_BACKWARD, _SAVE = torch.Tensor.backward, torch.autograd.backward, torch.save


def random_state() -> Random:
    """Read the state of every random stream."""
    return Random(torch.get_rng_state().numpy().tobytes(), random.getstate(), np.random.get_state())


def set_random_state(state: Random) -> None:
    """Put every random stream where it was."""
    torch.set_rng_state(torch.frombuffer(bytearray(state.torch), dtype=torch.uint8))
    random.setstate(state.python)
    np.random.set_state(state.numpy)


def _array(tensor: torch.Tensor | None) -> Any:
    return None if tensor is None else tensor.detach().to_dense().cpu().clone().numpy()


def _flatten(value: Any, name: str = "") -> dict[str, Any]:
    """Name every leaf of what is saved; a pickled module counts as its class and its state."""
    if isinstance(value, torch.Tensor):
        return {name: _array(value)}
    if isinstance(value, torch.nn.Module):
        return {f"{name}:{type(value).__name__}": True, **_flatten(dict(value.state_dict()), name)}
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {name: value if isinstance(value, (int, float, str, bool, type(None))) else type(value).__name__}
    return {key: leaf for k, v in items for key, leaf in _flatten(v, f"{name}/{k}").items()}


class Tracer:
    """One run; ``after_backward`` and ``next_indices`` are where the handwritten reference comes in."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.folder = os.path.realpath(os.getcwd())
        self.optimizers: list[torch.optim.Optimizer] = []
        self.after_backward: Callable[[], None] = lambda: None
        self.next_indices: Callable[[Any, int], Any] = lambda iterator, walk: next(iterator._sampler_iter)
        self._depth = 0
        self._gradients: tuple[Any, ...] = ()

    def note(self, event: object) -> None:
        """Write an event down."""
        self.trace.events.append(event)

    # ------------------------------------------------------------ backward and steps

    def _outermost(self, value: torch.Tensor, call: Callable[[], Any]) -> Any:
        if self._depth == 0:
            self.note(Backward(float(value.detach().double().sum())))
        self._depth += 1
        try:
            result = call()
        finally:
            self._depth -= 1
        if self._depth == 0:
            self.after_backward()
        return result

    def watch_backward(self) -> None:
        """Note what backward is called on by a script; what a package completes for itself is its own affair."""

        def backward(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            return self._outermost(tensor, lambda: _BACKWARD(tensor, *args, **kwargs))

        def autograd_backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_globals.get("__name__", "").startswith("runtime"):
                return _AUTOGRAD_BACKWARD(tensors, *args, **kwargs)
            first = tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors))
            return self._outermost(first, lambda: _AUTOGRAD_BACKWARD(tensors, *args, **kwargs))

        torch.Tensor.backward = backward
        torch.autograd.backward = autograd_backward

    def watch_optimizers(self) -> None:
        """Note gradients before, and parameters after, each step."""

        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            self._gradients = tuple(_array(parameter.grad) for parameter in parameters_of(optimizer))

        def after(optimizer: Any, args: Any, kwargs: Any) -> None:
            if not any(optimizer is known for known in self.optimizers):
                self.optimizers.append(optimizer)
            number = next(i for i, known in enumerate(self.optimizers) if known is optimizer)
            rates = tuple(float(group["lr"]) for group in optimizer.param_groups)
            parameters = tuple(_array(parameter) for parameter in parameters_of(optimizer))
            self.note(Step(number, rates, self._gradients, parameters, random_state()))

        optimizers.register_optimizer_step_pre_hook(before)
        optimizers.register_optimizer_step_post_hook(after)

    # ------------------------------------------------------------ data

    def watch_loaders(self) -> None:
        """Note the indices of every batch, right before its samples are read."""
        walks = iter(range(1_000_000))
        iterators = dataloader._SingleProcessDataLoaderIter
        start, construct = iterators.__init__, DataLoader.__init__

        def begin(iterator: Any, loader: Any) -> None:
            start(iterator, loader)
            iterator._walk = next(walks)

        def next_index(iterator: Any) -> Any:
            try:
                index = self.next_indices(iterator, iterator._walk)
            except StopIteration:
                self.note(Finish(iterator._walk))
                raise
            indices = tuple(map(int, index)) if isinstance(index, (list, tuple)) else (int(index),)
            size = len(iterator._dataset) if hasattr(iterator._dataset, "__len__") else None
            self.note(Fetch(iterator._walk, size, indices, random_state()))
            return index

        def without_workers(loader: Any, *args: Any, **options: Any) -> None:
            for name in _WORKER_OPTIONS:
                options.pop(name, None)
            construct(loader, *args[:5], **{**options, "num_workers": 0})

        iterators.__init__ = begin
        iterators._next_index = next_index
        DataLoader.__init__ = without_workers

    # ------------------------------------------------------------ files

    def watch_files(self) -> None:
        """Note what is saved, and which files of the run's folder are opened to be written."""

        def save(value: Any, file: Any, *args: Any, **kwargs: Any) -> Any:
            path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", "")
            self.note(Save(self._relative(path), _flatten(value)))
            return _SAVE(value, file, *args, **kwargs)

        def audit(name: str, args: tuple[Any, ...]) -> None:
            if name == "open" and isinstance(args[0], (str, os.PathLike)) and (args[2] or 0) & _WRITING:
                path = self._relative(args[0])
                if not path.startswith(".."):
                    self.note(Write(path))

        torch.save = save
        sys.addaudithook(audit)

    def _relative(self, path: str | os.PathLike[str]) -> str:
        """Name a file from the run's folder, as it will be called: it may be written in a folder that is moved away."""
        path = os.path.relpath(os.path.realpath(path), self.folder)
        return os.sep.join(part for part in path.split(os.sep) if not part.endswith(".partial"))


def parameters_of(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """List what an optimizer updates."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def run(script: Path, arguments: list[str], prepare: Callable[[Tracer], None]) -> Trace:
    """Run a script to its end and trace it; an error becomes part of the trace.

    Args:    prepare: called before the script starts, with every hook in place.
    """
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    trace = Trace()
    tracer = Tracer(trace)
    for watch in (tracer.watch_backward, tracer.watch_optimizers, tracer.watch_loaders, tracer.watch_files):
        watch()
    sys.argv = [script.name, *arguments]
    sys.path.insert(0, str(script.parent))
    try:
        prepare(tracer)
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as error:
        trace.error = f"the script left with {error.code!r}" if error.code else ""
    except BaseException:
        trace.error = traceback.format_exc()
    trace.random = random_state()
    trace.modules = tuple(sorted({name.partition(".")[0] for name in sys.modules}))
    return trace
