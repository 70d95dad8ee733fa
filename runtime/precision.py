"""What forward and backward compute in: float32 as the model is, or half precision by autocast."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from runtime.errors import SettingsError, UnsupportedError
from runtime.handler import AutocastKwargs, GradScalerKwargs
from runtime.kind import PrecisionType
from runtime.tree import recursively_apply

if TYPE_CHECKING:
    from runtime.optimizer import PreparedOptimizer

_HALF = (torch.float16, torch.bfloat16)


def _is_half(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype in _HALF


def convert_to_fp32(data: Any) -> Any:
    """Convert the half-precision tensors of a nested structure to float32."""
    return recursively_apply(torch.Tensor.float, data, test_type=_is_half)


@dataclass(frozen=True, slots=True)
class Autocast:
    """The arguments of ``torch.autocast``; makes a new context for every use, so that forwards may nest."""

    device_type: str
    dtype: torch.dtype
    enabled: bool = True
    cache_enabled: bool | None = None

    def context(self, handler: AutocastKwargs | None = None) -> AbstractContextManager[Any]:
        """Make the context; ``handler`` overrides the settings."""
        chosen = handler or self
        return torch.autocast(
            self.device_type, dtype=self.dtype, enabled=chosen.enabled, cache_enabled=chosen.cache_enabled
        )


class Float32Outputs:
    """A forward whose half-precision outputs come back in float32; can be copied and pickled along with its model."""

    def __init__(self, forward: Callable[..., Any]) -> None:
        functools.update_wrapper(self, forward, updated=())
        self.forward = forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward."""
        return convert_to_fp32(self.forward(*args, **kwargs))


def convert_outputs_to_fp32(model_forward: Callable[..., Any]) -> Callable[..., Any]:
    """Make a forward whose half-precision outputs come back in float32."""
    return Float32Outputs(model_forward)


class AutocastForward:
    """A model's forward under autocast, with float32 outputs; can be copied and pickled along with its model."""

    def __init__(self, forward: Callable[..., Any], autocast: Autocast) -> None:
        functools.update_wrapper(self, forward, updated=())  # signature and names, for who inspects them
        self.forward = forward
        self.autocast = autocast

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward."""
        with self.autocast.context():
            output = self.forward(*args, **kwargs)
        return convert_to_fp32(output)


class Precision:
    """Full precision: everything stays as it is. The others override what they change."""

    scaler: torch.amp.GradScaler | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Precision:
        return self  # a copied optimizer steps with the same scale

    def prepare_model(self, model: torch.nn.Module) -> torch.nn.Module:
        """Make the model's forward compute in this precision."""
        return model

    def autocast(self, handler: AutocastKwargs | None = None) -> AbstractContextManager[Any]:
        """Compute the body of a ``with`` in this precision."""
        return nullcontext()

    def scale(self, loss: torch.Tensor) -> torch.Tensor:
        """Scale a loss before its backward, so that small gradients do not vanish."""
        return loss

    def unscale(self, optimizers: Iterable[PreparedOptimizer]) -> None:
        """Undo the scale in the gradients of ``optimizers``, once for each step."""

    def settle(self) -> None:
        """Bring the scale up to date with the last step, before it is stored."""

    def step(self, optimizer: PreparedOptimizer, *args: Any, **kwargs: Any) -> Any:
        """Step the optimizer that ``optimizer`` wraps."""
        return optimizer.optimizer.step(*args, **kwargs)


class HalfPrecision(Precision):
    """Forward passes under autocast; parameters and outputs stay float32."""

    def __init__(self, autocast: Autocast) -> None:
        self._autocast = autocast

    def prepare_model(self, model: torch.nn.Module) -> torch.nn.Module:
        """Make the model's forward compute in this precision; once."""
        if "_original_forward" not in model.__dict__:
            original = model.forward
            model._original_forward = original  # type: ignore[assignment]
            model.forward = AutocastForward(original, self._autocast)
        return model

    def autocast(self, handler: AutocastKwargs | None = None) -> AbstractContextManager[Any]:
        """Compute the body of a ``with`` in this precision."""
        return self._autocast.context(handler)


class ScaledPrecision(HalfPrecision):
    """Half precision whose gradients need scaling: float16.

    The scale is updated once for each step of the script, before its next backward, not after the step of each
    optimizer: an update between the steps of two optimizers would forget that the second was unscaled already.
    """

    def __init__(self, autocast: Autocast, scaler: torch.amp.GradScaler) -> None:
        super().__init__(autocast)
        self.scaler: torch.amp.GradScaler = scaler
        self._unscaled: list[PreparedOptimizer] = []
        self._used = False  # since the last update

    def settle(self) -> None:
        """Bring the scale up to date with the last step, before it is stored."""
        self._update()

    def _update(self) -> None:
        if self._used:
            self.scaler.update()
            self._used = False
            self._unscaled.clear()

    def scale(self, loss: torch.Tensor) -> torch.Tensor:
        """Scale a loss before its backward, so that small gradients do not vanish."""
        self._update()
        return self.scaler.scale(loss)

    def unscale(self, optimizers: Iterable[PreparedOptimizer]) -> None:
        """Undo the scale in the gradients of ``optimizers``, once for each step."""
        for optimizer in optimizers:
            if optimizer not in self._unscaled:
                self._used = True
                self._unscaled.append(optimizer)
                self.scaler.unscale_(optimizer.optimizer)

    def step(self, optimizer: PreparedOptimizer, *args: Any, **kwargs: Any) -> Any:
        """Step the optimizer that ``optimizer`` wraps, unless its gradients hold inf or NaN."""
        stepped: list[bool] = []
        handle = optimizer.optimizer.register_step_post_hook(lambda *_: stepped.append(True))
        try:
            result = self.scaler.step(optimizer.optimizer, *args, **kwargs)
        finally:
            handle.remove()
        self._used = True
        optimizer._is_overflow = not stepped
        optimizer.skipped_steps += not stepped
        return result


def _supports(kind: PrecisionType, device: torch.device) -> bool:
    if kind is PrecisionType.FP16:
        return device.type != "cpu"
    return kind is PrecisionType.NO or device.type != "cuda" or torch.cuda.is_bf16_supported()


def checked_precision(name: str, device: torch.device) -> PrecisionType:
    """Return the precision called ``name``.

    Raises:  SettingsError on an unknown name, or one that the device cannot compute in; UnsupportedError on fp8.
    """
    if name not in PrecisionType:
        raise SettingsError(f"mixed_precision={name!r} is unknown; choose from {', '.join(PrecisionType.list())}.")
    kind = PrecisionType(name)
    if kind is PrecisionType.FP8:
        raise UnsupportedError('`mixed_precision="fp8"`')
    if not _supports(kind, device):
        raise SettingsError(
            f"{kind} mixed precision requires a device in (cuda, mps) that computes in it, and this process trains on "
            f"{device.type}. Choose " + ('"bf16" or "no".' if kind is PrecisionType.FP16 else '"fp16" or "no".')
        )
    return kind


def choose_precision(
    kind: PrecisionType,
    device: torch.device,
    autocast: AutocastKwargs | None = None,
    scaler: GradScalerKwargs | None = None,
) -> Precision:
    """Make what carries out a precision."""
    if kind is PrecisionType.NO:
        return Precision()
    settings = autocast or AutocastKwargs()
    half = torch.float16 if kind is PrecisionType.FP16 else torch.bfloat16
    context = Autocast(device.type, half, settings.enabled, settings.cache_enabled)
    if kind is PrecisionType.BF16:
        return HalfPrecision(context)
    arguments = scaler.to_kwargs() if scaler else {}
    return ScaledPrecision(context, torch.amp.GradScaler(device.type, **arguments))
