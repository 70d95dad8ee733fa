"""One training step: backward, accumulation, clipping, and the precision that they compute in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from runtime.accumulation import Accumulation, checked_steps
from runtime.backend import Single
from runtime.handler import AutocastKwargs
from runtime.optimizer import PreparedOptimizer
from runtime.precision import Precision
from runtime.scaling import Scaling
from runtime.state import GradientState


def _norm(parameters: Any, norm_type: float) -> torch.Tensor:
    """Compute the norm of all gradients together, and change none."""
    found = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
    norms = [torch.linalg.vector_norm(p.grad.detach(), norm_type) for p in found if p.grad is not None]
    if not norms:
        return torch.tensor(0.0)
    total: torch.Tensor = torch.linalg.vector_norm(torch.stack([n.to(norms[0].device) for n in norms]), norm_type)
    return total


class TrainingStep:
    """What a training loop calls for each batch."""

    gradient_state: GradientState
    _accumulation: Accumulation
    _backend: Single
    _optimizers: list[PreparedOptimizer]
    _precision: Precision
    _scaling: Scaling

    @property
    def sync_gradients(self) -> bool:
        """Whether the current batch ends in an optimizer step; always outside `accumulate`."""
        return bool(self.gradient_state.sync_gradients)

    @sync_gradients.setter
    def sync_gradients(self, value: bool) -> None:
        self.gradient_state.sync_gradients = value

    @property
    def gradient_accumulation_steps(self) -> int:
        """The number of batches for each optimizer step."""
        return int(self.gradient_state.num_steps)

    @gradient_accumulation_steps.setter
    def gradient_accumulation_steps(self, value: int) -> None:
        self.gradient_state._set({**self.gradient_state.plugin_kwargs, "num_steps": checked_steps(value)})

    @property
    def step(self) -> int:
        """The number of batches accumulated since the last end of a loader."""
        return self._accumulation.step

    @step.setter
    def step(self, value: int) -> None:
        self._accumulation.step = value

    @property
    def optimizer_step_was_skipped(self) -> bool:
        """Whether any prepared optimizer left out its last step for inf or NaN in float16 gradients."""
        return any(optimizer.step_was_skipped for optimizer in self._optimizers)

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        """Compute the gradients of a loss, averaged over the processes.

        The loss is divided by `gradient_accumulation_steps`, also outside `accumulate`. Parameters that it does not
        reach keep their gradient, None included.

        Args:    loss: shape ``()``; with ``exact_scaling`` a mean over the rows of the current batch.
                 kwargs: those of ``torch.Tensor.backward``, such as ``retain_graph``.
        """
        self._backend.backward(self._precision.scale(self._scaling.weigh(loss)), **kwargs)

    def accumulate(self, *models: nn.Module) -> AbstractContextManager[Any]:
        """Count one more batch; inside, the step of a prepared optimizer or scheduler waits for the last of a group.

        Args:    models: those that are trained, so that they spare the communication until then.
        """
        return self._backend.no_sync(() if self._accumulation.advance() else models)

    def no_sync(self, model: nn.Module) -> AbstractContextManager[Any]:
        """Keep the gradients of ``model`` local inside the context."""
        return self._backend.no_sync((model,))

    @staticmethod
    @contextmanager
    def trigger_sync_in_backward(model: nn.Module) -> Iterator[None]:
        """Average gradients in the backward inside, though the forward before it was made under `no_sync`."""
        if not isinstance(model, DistributedDataParallel):
            yield
            return
        before = model.require_backward_grad_sync
        model.require_backward_grad_sync = True
        # The reducer listens from the start of a forward; this one has passed.
        model.reducer.prepare_for_backward([])
        if (reduction := model.__dict__.get("_reduction")) is not None:
            reduction.note_forward(True)
        try:
            yield
        finally:
            model.require_backward_grad_sync = before

    def clip_grad_norm_(self, parameters: Any, max_norm: float, norm_type: float = 2, **kwargs: Any) -> torch.Tensor:
        """Scale gradients down to a norm; while they are being accumulated, only compute it.

        Args:    kwargs: those of ``torch.nn.utils.clip_grad_norm_``.
        Returns: the norm before, shape ``()``; of scaled gradients while float16 ones are being accumulated.
        """
        if not self.gradient_state.sync_gradients:
            return _norm(parameters, norm_type)
        if self._precision.scaler is not None:
            parameters = self._unscaled(parameters)
        return torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type=norm_type, **kwargs)

    def clip_grad_value_(self, parameters: Any, clip_value: float, **kwargs: Any) -> None:
        """Clamp every gradient to ``±clip_value``, unless they are still being accumulated."""
        if self.gradient_state.sync_gradients:
            torch.nn.utils.clip_grad_value_(self._unscaled(parameters), clip_value, **kwargs)

    def _unscaled(self, parameters: Any) -> list[torch.Tensor]:
        """Unscale the optimizers of ``parameters``, which may be an iterator."""
        found = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        if self._precision.scaler is not None:
            wanted = set(map(id, found))
            self._precision.unscale(
                optimizer
                for optimizer in self._optimizers
                if any(id(parameter) in wanted for group in optimizer.param_groups for parameter in group["params"])
            )
        return found

    def unscale_gradients(
        self, optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None
    ) -> None:
        """Undo the scale of float16 gradients, at most once for each step.

        Args:    optimizer: one or several prepared ones; by default all.
        """
        if optimizer is None:
            chosen = self._optimizers
        else:
            asked = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
            chosen = [one for one in self._optimizers if any(one is other or one.optimizer is other for other in asked)]
        self._precision.unscale(chosen)

    def autocast(self, autocast_handler: AutocastKwargs | None = None) -> AbstractContextManager[Any]:
        """Compute the body of a ``with`` in mixed precision; a prepared model does so by itself.

        Args:    autocast_handler: in place of the one that was passed to the constructor.
        """
        return self._precision.autocast(autocast_handler)
