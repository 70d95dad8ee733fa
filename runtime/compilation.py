"""Compiling models in `prepare`, by torch.compile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from runtime.environment import read_compilation
from runtime.errors import SettingsError, UnsupportedError
from runtime.handler import KwargsHandler
from runtime.kind import DynamoBackend


@dataclass
class TorchDynamoPlugin(KwargsHandler):
    """Arguments of ``torch.compile``; what is None comes from the variables ACCELERATE_DYNAMO_*.

    Args:    backend: one of DynamoBackend; "no" does not compile.
             disable: let torch.compile do nothing, for tests.
    """

    backend: DynamoBackend | str | None = None
    mode: str | None = None
    fullgraph: bool | None = None
    dynamic: bool | None = None
    options: Any = None
    disable: bool = False
    use_regional_compilation: bool | None = None

    def __post_init__(self) -> None:
        for name, value in read_compilation().items():
            if getattr(self, name) is None:
                setattr(self, name, value)
        self.backend = DynamoBackend(str(self.backend).upper())
        if self.use_regional_compilation:
            raise UnsupportedError("`TorchDynamoPlugin(use_regional_compilation=True)`")

    def to_dict(self) -> dict[str, Any]:
        """Copy the fields; the backend as torch spells it."""
        return {**super().to_dict(), "backend": DynamoBackend(self.backend).value.lower()}

    def to_kwargs(self) -> dict[str, Any]:
        """Return the arguments of ``torch.compile`` that differ from their defaults, whatever the environment says."""
        defaults = {"backend": "no", "mode": "default", "fullgraph": False, "dynamic": None, "options": None}
        given = {name: value for name, value in self.to_dict().items() if name != "use_regional_compilation"}
        return {name: value for name, value in given.items() if value != {**defaults, "disable": False}[name]}


def is_compiled_module(module: nn.Module) -> bool:
    """Say whether a module is what ``torch.compile`` returned."""
    return "_orig_mod" in module._modules


def choose_compilation(backend: DynamoBackend | str | None, plugin: TorchDynamoPlugin | None) -> TorchDynamoPlugin:
    """Settle how to compile: by the plugin, the argument, or the environment.

    Raises:  SettingsError if both are given.
    """
    if plugin is not None and backend is not None:
        raise SettingsError(
            "`dynamo_plugin` and `dynamo_backend` were both passed. Write `TorchDynamoPlugin(backend=...)`."
        )
    return plugin or TorchDynamoPlugin(backend=backend)


def compile_model(model: nn.Module, plugin: TorchDynamoPlugin) -> nn.Module:
    """Compile a model, unless it is compiled already or was asked not to be."""
    if plugin.backend is DynamoBackend.NO or is_compiled_module(model):
        return model
    compiled: nn.Module = torch.compile(model, **plugin.to_kwargs())
    return compiled
