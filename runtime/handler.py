"""Keyword arguments that users hand down to what the Accelerator makes for them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runtime.errors import UnsupportedError


class KwargsHandler:
    """A dataclass that knows which of its fields were changed from their defaults."""

    def to_dict(self) -> dict[str, Any]:
        """Copy the fields into a dictionary."""
        return copy.deepcopy(self.__dict__)

    def to_kwargs(self) -> dict[str, Any]:
        """Return the fields whose values differ from the defaults."""
        defaults = type(self)().to_dict()
        return {name: value for name, value in self.to_dict().items() if value != defaults[name]}


@dataclass
class AutocastKwargs(KwargsHandler):
    """Arguments of ``torch.autocast``."""

    enabled: bool = True
    cache_enabled: bool | None = None


@dataclass
class GradScalerKwargs(KwargsHandler):
    """Arguments of ``torch.amp.GradScaler``."""

    init_scale: float = 65536.0
    growth_factor: float = 2.0
    backoff_factor: float = 0.5
    growth_interval: int = 2000
    enabled: bool = True


@dataclass
class DistributedDataParallelKwargs(KwargsHandler):
    """Arguments of ``torch.nn.parallel.DistributedDataParallel``.

    ``find_unused_parameters`` is seldom needed: `Accelerator.backward` itself sees to parameters that a loss did not
    reach. With it, or with ``static_graph``, torch's own mechanism is used instead, as it is.
    """

    dim: int = 0
    broadcast_buffers: bool = True
    bucket_cap_mb: int = 25
    find_unused_parameters: bool = False
    check_reduction: bool = False
    gradient_as_bucket_view: bool = False
    static_graph: bool = False
    comm_hook: str = "no"
    comm_wrapper: str = "no"
    comm_state_option: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if str(self.comm_hook) != "no" or str(self.comm_wrapper) != "no":
            raise UnsupportedError("`DistributedDataParallelKwargs(comm_hook=..., comm_wrapper=...)`")


@dataclass
class InitProcessGroupKwargs(KwargsHandler):
    """Arguments of ``torch.distributed.init_process_group``; ``timeout=None`` leaves it to torch."""

    backend: str | None = "nccl"
    init_method: str | None = None
    timeout: timedelta | None = None
