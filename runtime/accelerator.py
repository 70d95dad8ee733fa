"""The Accelerator: what a training script talks to. Each method hands over to the file that knows the subject."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Callable, Sequence
from typing import IO, Any, TypeVar

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from runtime.accumulation import Accumulation, GradientAccumulationPlugin
from runtime.collect import Collectives
from runtime.data import DataLoaderConfiguration, prepare_loader
from runtime.errors import SettingsError
from runtime.handler import KwargsHandler
from runtime.kind import PrecisionType, RNGType
from runtime.loader import PreparedLoader
from runtime.model import unwrap_model
from runtime.optimizer import PreparedOptimizer
from runtime.precision import choose_precision
from runtime.process import ProcessControl
from runtime.scaling import choose_scaling
from runtime.scheduler import PreparedScheduler
from runtime.settings import configure_accumulation, configure_data, missing_member, refuse, sort_handlers
from runtime.state import AcceleratorState, GradientState
from runtime.training import TrainingStep
from runtime.world import World

T = TypeVar("T")


def _options(handler: KwargsHandler | None) -> dict[str, Any]:
    return {} if handler is None else handler.to_kwargs()


class Accelerator(ProcessControl, TrainingStep, Collectives):
    """Trains a plain PyTorch script on the CPU, on one GPU, or on several processes started by ``torchrun``.

    Source: accelerate 1.15 ``Accelerator``, whose names and behaviour these are.
    """

    def __init__(
        self,
        device_placement: bool = True,
        split_batches: bool | None = None,
        mixed_precision: PrecisionType | str | None = None,
        gradient_accumulation_steps: int | None = None,
        cpu: bool = False,
        dataloader_config: DataLoaderConfiguration | None = None,
        rng_types: Sequence[RNGType | str] | None = None,
        gradient_accumulation_plugin: GradientAccumulationPlugin | None = None,
        step_scheduler_with_optimizer: bool = True,
        kwargs_handlers: Sequence[KwargsHandler] | None = None,
        **unsupported: Any,
    ) -> None:
        """Find out where this process runs, and meet the others.

        Args:    device_placement: move models, optimizer states and batches to the device.
                 split_batches: cut each batch into parts, one for each process; also in ``dataloader_config``.
                 mixed_precision: "no", "fp16" or "bf16"; by default ACCELERATE_MIXED_PRECISION, else "no".
                 gradient_accumulation_steps: batches for each optimizer step; by default
                     ACCELERATE_GRADIENT_ACCUMULATION_STEPS, else 1. To be used with `accumulate`.
                 cpu: stay on the CPU though there is a GPU.
                 rng_types: random streams to take over from process 0 whenever a loader is iterated;
                     by default the loader's own.
                 step_scheduler_with_optimizer: a prepared scheduler waits for its optimizer, and steps once for each
                     process; False leaves its steps as the script makes them.
                 kwargs_handlers: one of each type at most.
        Raises:  SettingsError on arguments that cannot be meant, or that an earlier Accelerator of this process
                 contradicts; UnsupportedError on parts of Accelerate's API that are not here.
        """
        refuse(unsupported)
        self._handlers = sort_handlers(kwargs_handlers)
        self.dataloader_config = configure_data(dataloader_config, split_batches)
        accumulation = configure_accumulation(gradient_accumulation_steps, gradient_accumulation_plugin)
        self.state = AcceleratorState(mixed_precision, cpu, **_options(self._handlers.group))
        self._backend = self.state._backend
        self._precision = choose_precision(
            PrecisionType(self.mixed_precision), self.device, self._handlers.autocast, self._handlers.scaler
        )
        self.gradient_state = GradientState(accumulation)
        self._accumulation = Accumulation(self.gradient_state)
        self._scaling = choose_scaling(self.dataloader_config, self._world, self.gradient_state)
        self.device_placement = device_placement
        self.step_scheduler_with_optimizer = step_scheduler_with_optimizer
        self.rng_types = tuple(rng_types) if rng_types is not None else (RNGType.GENERATOR,)
        self._models: list[nn.Module] = []
        self._optimizers: list[PreparedOptimizer] = []
        self._schedulers: list[PreparedScheduler] = []
        self._dataloaders: list[PreparedLoader] = []

    @property
    def _world(self) -> World:  # type: ignore[override]
        return self.state._world

    @property
    def mixed_precision(self) -> str:
        """What forward passes compute in: "no", "fp16" or "bf16"."""
        return self.state.mixed_precision

    @property
    def scaler(self) -> torch.amp.GradScaler | None:
        """What scales the loss, in float16 alone."""
        return self._precision.scaler

    @property
    def split_batches(self) -> bool:
        """Whether processes get parts of batches instead of whole ones."""
        return self.dataloader_config.split_batches

    @property
    def dispatch_batches(self) -> bool | None:
        """Whether process 0 reads for all."""
        return self.dataloader_config.dispatch_batches

    @property
    def even_batches(self) -> bool:
        """Whether the last round of batches is completed; loaders that are prepared later follow a change."""
        return self.dataloader_config.even_batches

    @even_batches.setter
    def even_batches(self, value: bool) -> None:
        self.dataloader_config.even_batches = value

    @property
    def use_seedable_sampler(self) -> bool:
        """Whether the order of samples depends on a seed and the epoch alone."""
        return self.dataloader_config.use_seedable_sampler

    @property
    def non_blocking(self) -> bool:
        """Whether copies of batches to a GPU are never waited for."""
        return self.dataloader_config.non_blocking

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
        if (known := self._find(self._models, model, unwrap_model)) is not None:
            return known
        self._precision.prepare_model(unwrap_model(model, keep_torch_compile=False))
        self._scaling.watch_model(model)
        if self._places(device_placement):
            model.to(self.state.device)
        if not evaluation_mode:
            model = self._backend.prepare_model(model, _options(self._handlers.ddp))
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

    def prepare_data_loader(self, data_loader: DataLoader[Any], device_placement: bool | None = None) -> PreparedLoader:
        """Make a loader give each process its part of the data, on the device.

        Raises:  SettingsError if the loader's sampler deals out samples itself, or batches cannot be split.
        """
        if (known := self._find(self._dataloaders, data_loader, lambda one: one.source)) is not None:
            return known
        device = self.device if self._places(device_placement) else None
        prepared = prepare_loader(
            data_loader, self._backend, self.gradient_state, self.dataloader_config, device, self.rng_types
        )
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

    def unwrap_model(
        self, model: nn.Module, keep_fp32_wrapper: bool = True, keep_torch_compile: bool = True
    ) -> nn.Module:
        """Return the module that was passed to `prepare`."""
        return unwrap_model(model, keep_fp32_wrapper, keep_torch_compile)

    def save(self, obj: Any, f: str | os.PathLike[str] | IO[bytes], safe_serialization: bool = False) -> None:
        """Write an object on the main process; the others pass."""
        from runtime.checkpoint import save

        save(obj, f, self._backend, safe_serialization)

    def free_memory(self, *objects: Any) -> list[None]:
        """Let go of everything prepared, and give cached memory back.

        Returns: a None for each of ``objects``, to overwrite the caller's names with.
        """
        for prepared in (self._models, self._optimizers, self._schedulers, self._dataloaders):
            prepared.clear()
        self._backend.forget()
        self._accumulation.step = 0
        gc.collect()
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        return [None] * len(objects)

    def end_training(self) -> None:
        """Leave the process group, if it was joined here."""
        self.state.destroy_process_group()

    def __deepcopy__(self, memo: dict[int, Any]) -> Accelerator:
        return self

    def __getattr__(self, name: str) -> Any:
        if "state" in self.__dict__ and not self.state.initialized:
            return getattr(self.state, name)  # raises, and says that the state was reset
        raise missing_member(name)
