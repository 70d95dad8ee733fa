"""Arguments of the Accelerator's constructor: which of them go together, and what is not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.accumulation import GradientAccumulationPlugin, checked_steps
from runtime.data import DataLoaderConfiguration
from runtime.environment import Environment
from runtime.errors import SettingsError, UnsupportedError
from runtime.handler import (
    AutocastKwargs,
    DistributedDataParallelKwargs,
    GradScalerKwargs,
    InitProcessGroupKwargs,
    KwargsHandler,
    ProfileKwargs,
)
from runtime.kind import DynamoBackend
from runtime.project import ProjectConfiguration

if TYPE_CHECKING:
    from runtime.compilation import TorchDynamoPlugin

# Arguments of Accelerate's constructor that only None may be passed for.
_UNSUPPORTED_ARGUMENTS = {
    "deepspeed_plugin",
    "deepspeed_plugins",
    "fsdp_plugin",
    "megatron_lm_plugin",
    "parallelism_config",
    "torch_tp_plugin",
}

# Members of Accelerate's Accelerator that this one does not have: named, so that the error can say so.
_UNSUPPORTED_MEMBERS = {
    "deepspeed_plugin",
    "fp8_backend",
    "get_active_deepspeed_plugin",
    "lomo_backward",
    "maybe_context_parallel",
    "parallelism_config",
    "torch_device_mesh",
    "verify_device_map",
}


def refuse(arguments: Mapping[str, Any]) -> None:
    """Look through the arguments that the constructor does not name, and the engine that the environment does.

    Raises:  UnsupportedError for what Accelerate takes and this runtime does not; TypeError for what neither knows.
    """
    for name, value in arguments.items():
        if name not in _UNSUPPORTED_ARGUMENTS:
            raise TypeError(f"Accelerator() got an unexpected keyword argument {name!r}.")
        if value is not None:
            raise UnsupportedError(f"`Accelerator({name}=...)`")
    engine = Environment.from_environment().engine
    if engine is not None:
        raise UnsupportedError(f"{engine}, which `accelerate launch` was told to use,")


def missing_member(name: str) -> AttributeError:
    """Tell a member that only Accelerate has from one that nobody has."""
    if name in _UNSUPPORTED_MEMBERS:
        return AttributeError(str(UnsupportedError(f"`Accelerator.{name}`")))
    return AttributeError(f"`Accelerator` object has no attribute `{name}`.")


@dataclass(frozen=True, slots=True)
class Handlers:
    """The keyword arguments that are handed down, by what they are for."""

    ddp: DistributedDataParallelKwargs | None = None
    group: InitProcessGroupKwargs | None = None
    scaler: GradScalerKwargs | None = None
    autocast: AutocastKwargs | None = None
    profile: ProfileKwargs | None = None


_PLACES: dict[type, str] = {
    DistributedDataParallelKwargs: "ddp",
    InitProcessGroupKwargs: "group",
    GradScalerKwargs: "scaler",
    AutocastKwargs: "autocast",
    ProfileKwargs: "profile",
}


def sort_handlers(handlers: Sequence[KwargsHandler] | None) -> Handlers:
    """Put each handler where it belongs.

    Raises:  SettingsError if something is no handler, or two are of one type; UnsupportedError on an unknown type.
    """
    found: dict[str, Any] = {}
    for handler in handlers or ():
        if not isinstance(handler, KwargsHandler):
            raise SettingsError(f"`kwargs_handlers` holds {handler!r}, which is no KwargsHandler object.")
        place = _PLACES.get(type(handler))
        if place is None:
            raise UnsupportedError(f"`kwargs_handlers=[{type(handler).__name__}(...)]`")
        if place in found:
            raise SettingsError(f"`kwargs_handlers` holds two {type(handler).__name__}; pass one.")
        found[place] = handler
    return Handlers(**found)


def configure_data(
    configuration: DataLoaderConfiguration | None, split_batches: bool | None
) -> DataLoaderConfiguration:
    """Settle on one place for the loaders' options; ``split_batches`` is also an argument of its own, from of old.

    Raises:  SettingsError if both are given.
    """
    if configuration is None:
        return DataLoaderConfiguration(split_batches=bool(split_batches))
    if split_batches is not None:
        raise SettingsError(
            f"`split_batches={split_batches}` and `dataloader_config` were both passed. Write "
            f"`DataLoaderConfiguration(split_batches={split_batches}, ...)`."
        )
    return configuration


def configure_accumulation(steps: int | None, plugin: GradientAccumulationPlugin | None) -> dict[str, Any]:
    """Settle how to accumulate: by the plugin, the argument, or the environment variable.

    Returns: the fields of the plugin that were asked for.
    Raises:  SettingsError if the plugin and an argument are given, or the steps are no count.
    """
    if plugin is not None:
        if steps is not None and steps != 1:
            raise SettingsError(
                f"`gradient_accumulation_steps={steps}` and `gradient_accumulation_plugin` were both passed. Write "
                f"`GradientAccumulationPlugin(num_steps={steps}, ...)`."
            )
        return {"num_steps": checked_steps(plugin.num_steps), **plugin.to_kwargs()}
    if steps is None:
        steps = Environment.from_environment().accumulation_steps
    return {} if steps is None else {"num_steps": checked_steps(steps)}


def configure_project(configuration: ProjectConfiguration | None, project_dir: Any) -> ProjectConfiguration:
    """Settle where the run keeps its files."""
    if configuration is None:
        return ProjectConfiguration(project_dir=project_dir)
    if project_dir is not None and configuration.project_dir is None:
        configuration.set_directories(project_dir)
    return configuration


def configure_compilation(
    backend: DynamoBackend | str | None, plugin: TorchDynamoPlugin | None
) -> TorchDynamoPlugin | None:
    """Settle how to compile prepared models: by the plugin, the argument or the environment; None for not at all.

    Raises:  SettingsError if both are given.
    """
    if backend is None and plugin is None and Environment.from_environment().compile_with is None:
        return None
    from runtime.compilation import choose_compilation

    return choose_compilation(backend, plugin)
