"""The Accelerator: what a training script talks to. Each method hands over to the file that knows the subject."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from runtime.accumulation import Accumulation, GradientAccumulationPlugin
from runtime.collect import Collectives
from runtime.data import DataLoaderConfiguration
from runtime.handler import KwargsHandler, ProfileKwargs
from runtime.kind import DynamoBackend, PrecisionType, RNGType
from runtime.loader import PreparedLoader
from runtime.model import unwrap_model
from runtime.optimizer import PreparedOptimizer
from runtime.persistence import Persistence
from runtime.precision import choose_precision
from runtime.preparation import Preparation, options_of
from runtime.process import ProcessControl
from runtime.project import ProjectConfiguration
from runtime.scaling import choose_scaling
from runtime.scheduler import PreparedScheduler
from runtime.settings import (
    configure_accumulation,
    configure_compilation,
    configure_data,
    configure_project,
    missing_member,
    refuse,
    sort_handlers,
)
from runtime.state import AcceleratorState, GradientState
from runtime.tracking import GeneralTracker, Tracking, filter_trackers
from runtime.training import TrainingStep
from runtime.world import World

if TYPE_CHECKING:
    from runtime.compilation import TorchDynamoPlugin


class Accelerator(ProcessControl, Preparation, TrainingStep, Collectives, Persistence, Tracking):
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
        *,
        rng_types: Sequence[RNGType | str] | None = None,
        gradient_accumulation_plugin: GradientAccumulationPlugin | None = None,
        step_scheduler_with_optimizer: bool = True,
        kwargs_handlers: Sequence[KwargsHandler] | None = None,
        log_with: Any = None,
        project_dir: Any = None,
        project_config: ProjectConfiguration | None = None,
        dynamo_backend: DynamoBackend | str | None = None,
        dynamo_plugin: TorchDynamoPlugin | None = None,
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
                 log_with: trackers, by name or as objects, one or a list; "all" for those that are installed.
                 project_dir: the folder for trackers' files and numbered checkpoints.
                 project_config: the same and more.
                 dynamo_backend: compile prepared models; by default ACCELERATE_DYNAMO_BACKEND, else not.
                 dynamo_plugin: the same and more.
        Raises:  SettingsError on arguments that cannot be meant, or that an earlier Accelerator of this process
                 contradicts; UnsupportedError on parts of Accelerate's API that are not here.
        """
        refuse(unsupported)
        self.project_configuration = configure_project(project_config, project_dir)
        self.log_with = filter_trackers(log_with, self.project_configuration.logging_dir)
        self._handlers = sort_handlers(kwargs_handlers)
        self.dataloader_config = configure_data(dataloader_config, split_batches)
        accumulation = configure_accumulation(gradient_accumulation_steps, gradient_accumulation_plugin)
        self.state = AcceleratorState(mixed_precision, cpu, **options_of(self._handlers.group))
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
        self._custom_objects: list[Any] = []
        self._save_model_state_pre_hook: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._load_model_state_pre_hook: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._compilation = configure_compilation(dynamo_backend, dynamo_plugin)
        self._trigger = False
        self.trackers: list[GeneralTracker] = []

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

    def unwrap_model(
        self, model: nn.Module, keep_fp32_wrapper: bool = True, keep_torch_compile: bool = True
    ) -> nn.Module:
        """Return the module that was passed to `prepare`."""
        return unwrap_model(model, keep_fp32_wrapper, keep_torch_compile)

    @property
    def use_stateful_dataloader(self) -> bool:
        """Whether loaders say themselves where they stand, as torchdata's do."""
        return self.dataloader_config.use_stateful_dataloader

    @property
    def multi_device(self) -> bool:
        """Whether there are several processes, each with a GPU."""
        return self.use_distributed and self.device.type != "cpu"

    @property
    def is_fsdp2(self) -> bool:
        """Never: that engine is Accelerate's."""
        return False

    def set_trigger(self) -> None:
        """Raise a flag that all processes see at their next `check_trigger`; to stop early, for one."""
        self._trigger = True

    def check_trigger(self) -> bool:
        """Say whether any process has raised its flag, and lower it; every process has to call."""
        raised = bool(self._backend.all_reduce(torch.tensor(int(self._trigger), device=self.device), "max"))
        if raised:
            self._trigger = False
        return raised

    def skip_first_batches(self, dataloader: Any, num_batches: int = 0) -> Any:
        """Make a loader without the first batches of each pass; see `runtime.skip_first_batches`.

        After `load_state` its first pass goes on exactly where the saved one was interrupted.
        """
        from runtime.skipping import skip_first_batches

        return skip_first_batches(dataloader, num_batches)

    def join_uneven_inputs(
        self, joinables: Sequence[Any], even_batches: bool | None = None
    ) -> AbstractContextManager[None]:
        """Let processes have different numbers of batches: those that are done take part in the others' averages.

        Args:    joinables: prepared models.
                 even_batches: what prepared loaders do inside; evenly dealt batches need no joining.
        """
        return self._backend.join(joinables, self._dataloaders, self.even_batches, even_batches)

    def profile(self, profile_handler: ProfileKwargs | None = None) -> AbstractContextManager[Any]:
        """Profile the body of a ``with``, which gets the ``torch.profiler.profile``.

        Args:    profile_handler: in place of the one that was passed to the constructor.
        """
        from runtime.profiling import profile

        return profile(profile_handler or self._handlers.profile or ProfileKwargs(), self._backend)

    def free_memory(self, *objects: Any) -> list[None]:
        """Let go of everything prepared, and give cached memory back.

        Returns: a None for each of ``objects``, to overwrite the caller's names with.
        """
        from runtime.memory import release_memory

        for prepared in (self._models, self._optimizers, self._schedulers, self._dataloaders):
            prepared.clear()
        self._backend.forget()
        self._accumulation.step = 0
        return release_memory(*objects)

    def clear(self, *objects: Any) -> list[None]:
        """Do what `free_memory` does."""
        return self.free_memory(*objects)

    def end_training(self) -> None:
        """End the trackers' runs, and leave the process group, if it was joined here."""
        for tracker in self.trackers:
            tracker.finish()
        self.state.destroy_process_group()

    def __deepcopy__(self, memo: dict[int, Any]) -> Accelerator:
        return self

    def __getattr__(self, name: str) -> Any:
        if "state" in self.__dict__ and not self.state.initialized:
            return getattr(self.state, name)  # raises, and says that the state was reset
        raise missing_member(name)
