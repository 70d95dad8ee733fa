"""Hugging Face Accelerate's API for training, on torch alone.

from runtime import Accelerator

accelerator = Accelerator()
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    optimizer.zero_grad()
    loss = loss_function(model(x), y)
    accelerator.backward(loss)
    optimizer.step()
"""

import importlib
from typing import TYPE_CHECKING, Any

from runtime.accelerator import Accelerator
from runtime.accumulation import GradientAccumulationPlugin
from runtime.data import DataLoaderConfiguration
from runtime.errors import (
    CannotPadNestedTensorWarning,
    DistributedOperationException,
    SettingsError,
    UnsupportedError,
)
from runtime.handler import (
    AutocastKwargs,
    DistributedDataParallelKwargs,
    GradScalerKwargs,
    InitProcessGroupKwargs,
    KwargsHandler,
    ProfileKwargs,
)
from runtime.kind import (
    DDPCommunicationHookType,
    DistributedType,
    DynamoBackend,
    LoggerType,
    PrecisionType,
    RNGType,
)
from runtime.project import ProjectConfiguration
from runtime.random import set_seed, synchronize_rng_state, synchronize_rng_states
from runtime.state import AcceleratorState, GradientState, PartialState

if TYPE_CHECKING:
    from runtime.checkpoint.saving import save
    from runtime.checkpoint.weights import load_checkpoint_in_model
    from runtime.collect import broadcast, broadcast_object_list, gather, gather_object, pad_across_processes, reduce
    from runtime.compilation import TorchDynamoPlugin, is_compiled_module
    from runtime.data_loader import prepare_data_loader
    from runtime.launchers import debug_launcher, notebook_launcher
    from runtime.logging import get_logger
    from runtime.memory import clear_device_cache, find_executable_batch_size, release_memory
    from runtime.model import extract_model_from_parallel
    from runtime.precision import convert_outputs_to_fp32, convert_to_fp32
    from runtime.skipping import skip_first_batches
    from runtime.stateful import is_torchdata_stateful_dataloader_available
    from runtime.tracking import GeneralTracker, register_tracker_class
    from runtime.tree import (
        concatenate,
        find_batch_size,
        find_device,
        honor_type,
        is_namedtuple,
        is_torch_tensor,
        listify,
        pad_input_tensors,
        recursively_apply,
        send_to_device,
        slice_tensors,
    )

# Imported when they are first asked for, so that `import runtime` stays short.
_PLACES = {
    "runtime.checkpoint.saving": "save",
    "runtime.checkpoint.weights": "load_checkpoint_in_model",
    "runtime.collect": "broadcast broadcast_object_list gather gather_object pad_across_processes reduce",
    "runtime.compilation": "TorchDynamoPlugin is_compiled_module",
    "runtime.data_loader": "prepare_data_loader",
    "runtime.launchers": "debug_launcher notebook_launcher",
    "runtime.logging": "get_logger",
    "runtime.memory": "clear_device_cache find_executable_batch_size release_memory",
    "runtime.model": "extract_model_from_parallel",
    "runtime.precision": "convert_outputs_to_fp32 convert_to_fp32",
    "runtime.skipping": "skip_first_batches",
    "runtime.stateful": "is_torchdata_stateful_dataloader_available",
    "runtime.tracking": "GeneralTracker register_tracker_class",
    "runtime.tree": "concatenate find_batch_size find_device honor_type is_namedtuple is_torch_tensor listify "
    "pad_input_tensors recursively_apply send_to_device slice_tensors",
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names.split()}

__all__ = [
    "Accelerator",
    "AcceleratorState",
    "AutocastKwargs",
    "CannotPadNestedTensorWarning",
    "DDPCommunicationHookType",
    "DataLoaderConfiguration",
    "DistributedDataParallelKwargs",
    "DistributedOperationException",
    "DistributedType",
    "DynamoBackend",
    "GeneralTracker",
    "GradScalerKwargs",
    "GradientAccumulationPlugin",
    "GradientState",
    "InitProcessGroupKwargs",
    "KwargsHandler",
    "LoggerType",
    "PartialState",
    "PrecisionType",
    "ProfileKwargs",
    "ProjectConfiguration",
    "RNGType",
    "SettingsError",
    "TorchDynamoPlugin",
    "UnsupportedError",
    "broadcast",
    "broadcast_object_list",
    "clear_device_cache",
    "concatenate",
    "convert_outputs_to_fp32",
    "convert_to_fp32",
    "debug_launcher",
    "extract_model_from_parallel",
    "find_batch_size",
    "find_device",
    "find_executable_batch_size",
    "gather",
    "gather_object",
    "get_logger",
    "honor_type",
    "is_compiled_module",
    "is_namedtuple",
    "is_torch_tensor",
    "is_torchdata_stateful_dataloader_available",
    "listify",
    "load_checkpoint_in_model",
    "notebook_launcher",
    "pad_across_processes",
    "pad_input_tensors",
    "prepare_data_loader",
    "recursively_apply",
    "reduce",
    "register_tracker_class",
    "release_memory",
    "save",
    "send_to_device",
    "set_seed",
    "skip_first_batches",
    "slice_tensors",
    "synchronize_rng_state",
    "synchronize_rng_states",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
