"""Making what a script trains ready for the processes: `prepare`, and what it does with each kind of object."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from runtime.backend import Single
from runtime.data import DataLoaderConfiguration, prepare_loader
from runtime.errors import SettingsError
from runtime.handler import KwargsHandler
from runtime.kind import RNGType
from runtime.loader import PreparedLoader
from runtime.model import unwrap_model
from runtime.optimizer import PreparedOptimizer
from runtime.precision import Precision
from runtime.scheduler import PreparedScheduler
from runtime.settings import Handlers
from runtime.state import GradientState

if TYPE_CHECKING:
    from runtime.compilation import TorchDynamoPlugin

T = TypeVar("T")


def options_of(handler: KwargsHandler | None) -> dict[str, Any]:
    """Return the fields of a handler that were changed."""
    return {} if handler is None else handler.to_kwargs()


def _innermost(model: nn.Module) -> nn.Module:
    return unwrap_model(model, keep_torch_compile=False)


class Preparation:
    """Keeps everything that it prepared, for checkpoints and to know it again."""

    device: torch.device
    num_processes: int
    dataloader_config: DataLoaderConfiguration
    device_placement: bool
    gradient_state: GradientState
    rng_types: tuple[RNGType | str, ...]
    split_batches: bool
    step_scheduler_with_optimizer: bool
    _backend: Single
    _compilation: TorchDynamoPlugin | None
    _dataloaders: list[PreparedLoader]
    _handlers: Handlers
    _models: list[nn.Module]
    _optimizers: list[PreparedOptimizer]
    _precision: Precision
    _schedulers: list[PreparedScheduler]

    def prepare(self, *args: Any, device_placement: Sequence[bool | None] | None = None) -> Any:
        """Make models, optimizers, loaders and schedulers ready to train here; pass everything else through.

        Args:    device_placement: for each argument whether to move it; None for the default.
        Returns: the prepared objects in the order of ``args``; the object itself for one argument.
        Raises:  SettingsError if ``device_placement`` has another length than ``args``.
        """
        places = [None] * len(args) if device_placement is None else list(device_placement)
        if len(places) != len(args):
            raise SettingsError(f"`device_placement` has {len(places)} entries for {len(args)} objects to prepare.")
        prepared = list(args)
        # Models first, so that an optimizer finds its parameters in place; schedulers last, to find their optimizers.
        for kind, function in self._preparations():
            for index, obj in enumerate(args):
                if isinstance(obj, kind):
                    prepared[index] = function(obj, places[index])
        return prepared[0] if len(prepared) == 1 else tuple(prepared)

    def _preparations(self) -> tuple[tuple[type, Any], ...]:
        return (
            (nn.Module, self.prepare_model),
            (torch.optim.Optimizer, self.prepare_optimizer),
            (DataLoader, self.prepare_data_loader),
            (LRScheduler, lambda scheduler, _: self.prepare_scheduler(scheduler)),
        )

    def _places(self, asked: bool | None) -> bool:
        return self.device_placement if asked is None else asked

    def _find(self, prepared: Sequence[T], obj: Any, source: Callable[[T], Any]) -> T | None:
        """Find what was made of an object earlier, whether it comes as it was or as it was returned."""
        for known in prepared:
            if obj is known:
                return known
            if obj is source(known):
                warnings.warn(
                    f"`prepare` has got this {type(obj).__name__} before, and returns what it made of it then. Train "
                    "with what `prepare` returns: `model, optimizer = accelerator.prepare(model, optimizer)`.",
                    stacklevel=4,
                )
                return known
        return None

    def prepare_model(
        self, model: nn.Module, device_placement: bool | None = None, evaluation_mode: bool = False
    ) -> nn.Module:
        """Move a model to the device, and average its gradients over the processes.

        On one process this is the same module. A model without trainable parameters is never wrapped.

        Args:    evaluation_mode: the model is not trained.
        """
        if (known := self._find(self._models, model, _innermost)) is not None:
            return known
        self._precision.prepare_model(_innermost(model))
        self._scaling.watch_model(model)
        if self._places(device_placement):
            model.to(self.state.device)
        if not evaluation_mode:
            model = self._backend.prepare_model(model, options_of(self._handlers.ddp))
            if self._handlers.ddp is not None:
                self._handlers.ddp.register_comm_hook(model)
        if self._compilation is not None:
            from runtime.compilation import compile_model

            model = compile_model(model, self._compilation)
        model._is_accelerate_prepared = True  # type: ignore[assignment]
        self._models.append(model)
        return model

    def prepare_optimizer(
        self, optimizer: torch.optim.Optimizer, device_placement: bool | None = None
    ) -> PreparedOptimizer:
        """Make an optimizer wait while gradients are accumulated."""
        if (known := self._find(self._optimizers, optimizer, lambda one: one.optimizer)) is not None:
            return known
        if type(optimizer) is PreparedOptimizer:
            return optimizer
        if self._places(device_placement) and optimizer.state and self.device.type != "cpu":
            optimizer.load_state_dict(optimizer.state_dict())  # moves the state to its parameters' device
        self._backend.watch_optimizer(optimizer)
        prepared = PreparedOptimizer(optimizer, self._precision, self.gradient_state)
        self._optimizers.append(prepared)
        return prepared

    def prepare_data_loader(
        self,
        data_loader: DataLoader[Any],
        device_placement: bool | None = None,
        slice_fn_for_dispatch: Callable[..., Any] | None = None,
    ) -> PreparedLoader:
        """Make a loader give each process its part of the data, on the device.

        Args:    slice_fn_for_dispatch: how process 0 cuts a batch that it deals out, as
                     ``f(batch, slice, process_index=..., num_processes=...)``.
        Raises:  SettingsError if the loader's sampler deals out samples itself, or batches cannot be split.
        """
        if (known := self._find(self._dataloaders, data_loader, lambda one: one.source)) is not None:
            return known
        device = self.device if self._places(device_placement) else None
        prepared = prepare_loader(
            data_loader, self._backend, self.gradient_state, self.dataloader_config, device, self.rng_types
        )
        prepared.cut_by(slice_fn_for_dispatch)
        self._dataloaders.append(prepared)
        return prepared

    def prepare_scheduler(self, scheduler: LRScheduler) -> PreparedScheduler:
        """Make a scheduler follow its optimizer, once for each process."""
        if (known := self._find(self._schedulers, scheduler, lambda one: one.scheduler)) is not None:
            return known
        if type(scheduler) is PreparedScheduler:
            return scheduler
        per_call = self.dataloader_config.batches_per_step(self.num_processes)
        steps = per_call if self.step_scheduler_with_optimizer else None
        prepared = PreparedScheduler(scheduler, self._optimizers, steps, self.gradient_state)
        self._schedulers.append(prepared)
        return prepared
