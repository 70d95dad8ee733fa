"""Keyword arguments that users hand down to what the Accelerator makes for them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runtime.kind import DDPCommunicationHookType


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
    comm_hook: DDPCommunicationHookType | str = DDPCommunicationHookType.NO
    comm_wrapper: DDPCommunicationHookType | str = DDPCommunicationHookType.NO
    comm_state_option: dict[str, Any] = field(default_factory=dict)

    def to_dict(
        self, ignore_keys: Sequence[str] = ("comm_hook", "comm_wrapper", "comm_state_option")
    ) -> dict[str, Any]:
        """Copy the fields that DistributedDataParallel takes."""
        return {name: value for name, value in super().to_dict().items() if name not in ignore_keys}

    def register_comm_hook(self, model: Any) -> None:
        """Compress the gradients of a DistributedDataParallel, if a hook was chosen.

        Raises:  ValueError on an unknown hook, or a wrapper that compresses to neither fp16 nor bf16.
        """
        hook, wrapper = DDPCommunicationHookType(self.comm_hook), DDPCommunicationHookType(self.comm_wrapper)
        if hook is not DDPCommunicationHookType.NO:
            from runtime.compression import register

            register(model, hook, wrapper, self.comm_state_option)


@dataclass
class InitProcessGroupKwargs(KwargsHandler):
    """Arguments of ``torch.distributed.init_process_group``; ``timeout=None`` leaves it to torch."""

    backend: str | None = "nccl"
    init_method: str | None = None
    timeout: timedelta | None = None


@dataclass
class ProfileKwargs(KwargsHandler):
    """Arguments of ``torch.profiler.profile``.

    Args:    activities: "cpu", "cuda", "xpu"; by default all that there are.
             schedule_option: arguments of ``torch.profiler.schedule``: wait, warmup, active, repeat, skip_first.
             on_trace_ready: called with the profiler at the end of each cycle.
             output_trace_dir: where each process writes ``profile_{rank}.json``, for chrome://tracing.
    """

    activities: list[str] | None = None
    schedule_option: dict[str, int] | None = None
    on_trace_ready: Callable[[Any], Any] | None = None
    record_shapes: bool = False
    profile_memory: bool = False
    with_stack: bool = False
    with_flops: bool = False
    with_modules: bool = False
    output_trace_dir: str | None = None

    def build(self) -> Any:
        """Make the ``torch.profiler.profile``.

        Raises:  ValueError on an unknown activity.
        """
        from runtime.profiling import build

        return build(self)
