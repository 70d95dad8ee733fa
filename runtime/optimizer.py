"""A prepared optimizer: the user's own, that waits while gradients are accumulated."""

from __future__ import annotations

from typing import Any

import torch

from runtime.precision import Precision
from runtime.state import GradientState

_OWN = frozenset({"optimizer", "gradient_state", "_precision", "_is_overflow", "skipped_steps", "step"})


def _rebuild(optimizer: torch.optim.Optimizer, precision: Precision) -> PreparedOptimizer:
    return PreparedOptimizer(optimizer, precision, GradientState())


class PreparedOptimizer(torch.optim.Optimizer):
    """Does nothing in ``step`` and ``zero_grad`` while ``sync_gradients`` is False; else, and otherwise, delegates."""

    _is_overflow = False
    _is_accelerate_prepared = True
    skipped_steps = 0  # so far, because float16 gradients held inf or NaN; a scale that is settling skips a few

    def __init__(self, optimizer: torch.optim.Optimizer, precision: Precision, gradient_state: GradientState) -> None:
        # Optimizer.__init__ is not called: parameters, state and hooks are those of the wrapped one.
        self.optimizer = optimizer
        self.gradient_state = gradient_state
        self._precision = precision

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """Step, unless gradients are still being accumulated; takes a closure where the optimizer does.

        Returns: what the optimizer returns; None when nothing was done.
        """
        if self.gradient_state.sync_gradients:
            return self._precision.step(self, *args, **kwargs)
        return None

    def zero_grad(self, *args: Any, **kwargs: Any) -> None:
        """Drop the gradients, unless they are still being accumulated."""
        if self.gradient_state.sync_gradients:
            self.optimizer.zero_grad(*args, **kwargs)

    @property
    def step_was_skipped(self) -> bool:
        """Whether the last step was left out because float16 gradients held inf or NaN."""
        return self._is_overflow

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The parameter groups of the wrapped optimizer."""
        return self.optimizer.param_groups

    @property
    def state(self) -> Any:  # type: ignore[override]
        """The state of the wrapped optimizer."""
        return self.optimizer.state

    @property
    def defaults(self) -> dict[str, Any]:  # type: ignore[override]
        """The default options of the wrapped optimizer."""
        return self.optimizer.defaults

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a parameter group to the wrapped optimizer."""
        self.optimizer.add_param_group(param_group)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the wrapped optimizer."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state into the wrapped optimizer."""
        self.optimizer.load_state_dict(state_dict)

    def train(self) -> None:
        """Put an optimizer that has modes (schedule-free ones) into training mode."""
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()

    def eval(self) -> None:
        """Put an optimizer that has modes (schedule-free ones) into evaluation mode."""
        if hasattr(self.optimizer, "eval"):
            self.optimizer.eval()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The wrapped optimizer's class, for ``isinstance``; ``type`` tells the truth."""
        return type(self.optimizer)

    def __getattr__(self, name: str) -> Any:
        if name == "optimizer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:  # `step` too: a scheduler made later replaces it, to see whether it was called
            object.__setattr__(self, name, value)
        else:
            setattr(self.optimizer, name, value)

    def __repr__(self) -> str:
        return repr(self.optimizer)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.optimizer, self._precision)
