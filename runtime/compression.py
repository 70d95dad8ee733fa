"""Compressing gradients on their way between the processes, by torch's own hooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.distributed.algorithms.ddp_comm_hooks import default_hooks, powerSGD_hook
from torch.nn.parallel import DistributedDataParallel

from runtime.kind import DDPCommunicationHookType as Hook

_HOOKS: dict[Hook, Any] = {
    Hook.FP16: default_hooks.fp16_compress_hook,
    Hook.BF16: default_hooks.bf16_compress_hook,
    Hook.POWER_SGD: powerSGD_hook.powerSGD_hook,
    Hook.BATCHED_POWER_SGD: powerSGD_hook.batched_powerSGD_hook,
}
_WRAPPERS: dict[Hook, Any] = {
    Hook.FP16: default_hooks.fp16_compress_wrapper,
    Hook.BF16: default_hooks.bf16_compress_wrapper,
}
_STATEFUL = (Hook.POWER_SGD, Hook.BATCHED_POWER_SGD)


def register(model: Any, hook: Hook, wrapper: Hook, options: Mapping[str, Any]) -> None:
    """Compress the gradients of a model that is trained by several processes.

    Args:    wrapper: FP16 or BF16, to compress also what the hook sends.
             options: arguments of ``PowerSGDState``.
    Raises:  ValueError on another wrapper.
    """
    if not isinstance(model, DistributedDataParallel):
        return
    function = _HOOKS[hook]
    if wrapper is not Hook.NO:
        if wrapper not in _WRAPPERS:
            raise ValueError(f"comm_wrapper={str(wrapper)!r} is no wrapper; choose from no, fp16, bf16.")
        function = _WRAPPERS[wrapper](function)
    state = powerSGD_hook.PowerSGDState(None, **options) if hook in _STATEFUL else None
    model.register_comm_hook(state, function)
