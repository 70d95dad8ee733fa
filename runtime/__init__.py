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
)
from runtime.kind import DistributedType, PrecisionType, RNGType
from runtime.random import set_seed
from runtime.state import AcceleratorState, GradientState, PartialState

__all__ = [
    "Accelerator",
    "AcceleratorState",
    "AutocastKwargs",
    "CannotPadNestedTensorWarning",
    "DataLoaderConfiguration",
    "DistributedDataParallelKwargs",
    "DistributedOperationException",
    "DistributedType",
    "GradScalerKwargs",
    "GradientAccumulationPlugin",
    "GradientState",
    "InitProcessGroupKwargs",
    "KwargsHandler",
    "PartialState",
    "PrecisionType",
    "RNGType",
    "SettingsError",
    "UnsupportedError",
    "set_seed",
]
