"""A prepared learning-rate scheduler: the user's own, stepped as often as optimizers step on all processes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from torch.optim.lr_scheduler import LRScheduler

from runtime.optimizer import PreparedOptimizer
from runtime.state import GradientState

_OWN = frozenset({"scheduler", "gradient_state", "_steps_per_call", "_prepared", "_optimizers", "_warned"})


class PreparedScheduler(LRScheduler):
    """Steps the wrapped scheduler when the optimizers have stepped, once for each process.

    A schedule is written in batches of one process; N processes consume N of them in a step. Hence a schedule that
    counts epochs does not belong into `prepare`: it would run N times too fast, of which this warns once.

    Source: accelerate 1.15 ``AcceleratedScheduler``.
    """

    _is_accelerate_prepared = True

    def __init__(
        self,
        scheduler: LRScheduler,
        optimizers: Sequence[PreparedOptimizer],
        steps_per_call: int | None,
        gradient_state: GradientState,
    ) -> None:
        """Wrap ``scheduler``; LRScheduler.__init__ is not called, since it would step the optimizer's rates.

        Args:    optimizers: all that are prepared, now or later.
                 steps_per_call: the number of processes, 1 where they split each batch; None to follow no optimizer.
        """
        self.scheduler = scheduler
        self.gradient_state = gradient_state
        self._steps_per_call = steps_per_call
        self._prepared = optimizers
        self._optimizers: list[PreparedOptimizer] | None = None
        self._warned = False

    @property
    def optimizers(self) -> list[PreparedOptimizer]:
        """The prepared optimizers that this scheduler follows: the one that it was made for, else all.

        Looked up when first needed, so that the scheduler may be prepared before its optimizer.
        """
        if self._optimizers is None:
            target = getattr(self.scheduler, "optimizer", None)
            own = [one for one in self._prepared if one is target or one.optimizer is target]
            self._optimizers = own or list(self._prepared)
        return self._optimizers

    def step(self, *args: Any, **kwargs: Any) -> None:
        """Step, unless gradients are still being accumulated or an optimizer left out its step."""
        if self._steps_per_call is None:
            self.scheduler.step(*args, **kwargs)
        elif not self.gradient_state.sync_gradients:
            if self.gradient_state.adjust_scheduler:
                self.scheduler._step_count += 1
        elif not any(optimizer.step_was_skipped for optimizer in self.optimizers):
            self._step_all(self._steps_per_call, args, kwargs)

    def _step_all(self, count: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if count > 1 and not self._warned and not self.gradient_state.in_dataloader:
            self._warn(count)
        total = getattr(self.scheduler, "total_steps", None)  # OneCycleLR raises beyond it
        for _ in range(count):
            if total is None or self.scheduler._step_count <= total:
                self.scheduler.step(*args, **kwargs)

    def _warn(self, count: int) -> None:
        self._warned = True
        warnings.warn(
            f"A prepared {type(self.scheduler).__name__} was stepped outside a loop over a prepared loader, like one "
            f"that counts epochs, and advances {count} steps in each call on {count} processes. If it counts epochs, "
            "leave it out of `prepare`, or write `Accelerator(step_scheduler_with_optimizer=False)`.",
            stacklevel=4,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the wrapped scheduler."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state into the wrapped scheduler."""
        self.scheduler.load_state_dict(state_dict)

    def get_last_lr(self) -> list[Any]:
        """Return the rates that the last step set."""
        return self.scheduler.get_last_lr()

    def get_lr(self) -> list[Any]:
        """Compute the rates of the next step."""
        return self.scheduler.get_lr()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The wrapped scheduler's class, for ``isinstance``; ``type`` tells the truth."""
        return type(self.scheduler)

    def __getattr__(self, name: str) -> Any:
        if name == "scheduler" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.scheduler, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self.scheduler, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.scheduler, self._prepared, self._steps_per_call)


def _rebuild(
    scheduler: LRScheduler, optimizers: Sequence[PreparedOptimizer], steps_per_call: int | None
) -> PreparedScheduler:
    return PreparedScheduler(scheduler, optimizers, steps_per_call, GradientState())
