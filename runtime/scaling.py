"""What a batch counts for: N processes make a batch N times as large, or share the batches of one process."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from runtime.data import DataLoaderConfiguration
from runtime.portion import Portion
from runtime.state import GradientState
from runtime.world import World


class Scaling:
    """Every process has batches of its own, all of the same weight."""

    def __init__(self, gradients: GradientState) -> None:
        self._gradients = gradients

    def weigh(self, loss: torch.Tensor) -> torch.Tensor:
        """Scale the loss of a batch by what it counts for in the step that it belongs to."""
        steps = self._gradients.num_steps
        return loss if steps == 1 else loss / steps

    def watch_model(self, model: nn.Module) -> None:
        """Look at a model that is about to be prepared."""


class ExactScaling(Scaling):
    """Every process has a portion of a batch, and counts by its rows.

    With a loss that is a mean over rows, the average over the processes then is the gradient of the whole batch.
    """

    def __init__(self, gradients: GradientState) -> None:
        super().__init__(gradients)
        self._warned = False

    def weigh(self, loss: torch.Tensor) -> torch.Tensor:
        """Scale the loss of a batch by what it counts for in the step that it belongs to."""
        loss = super().weigh(loss)
        portion = self._portion()
        return loss if portion is None or portion.is_even else loss * portion.weight

    def _portion(self) -> Portion | None:
        """Find the portion in use: of the loader that was begun last and goes on, else the last that was handed out.

        A loss without a batch is equal on all processes, and the weights of all average to 1, so it may be either.
        """
        walks = self._gradients.open_passes
        if not walks:
            return self._gradients.last_portion
        if len(walks) > 1:
            self._compare([walk.portion for walk in walks if walk.portion is not None])
        return walks[-1].portion

    def _compare(self, portions: list[Portion]) -> None:
        """Warn where a loss of batches from two loaders has no one weight."""
        weights = {portion.weight for portion in portions}
        if len(weights) > 1 and not self._warned:
            self._warned = True
            warnings.warn(
                f"Two loaders are read at once, and this process's portions of their batches weigh {sorted(weights)}. "
                "A loss counts by the loader begun last, so one of both is not scaled exactly. Choose batch sizes "
                "that the number of processes divides, or `drop_last=True`.",
                stacklevel=5,
            )

    def watch_model(self, model: nn.Module) -> None:
        """Look at a model that is about to be prepared."""
        norms = [part for part in model.modules() if isinstance(part, _BatchNorm)]
        plain = [norm for norm in norms if not isinstance(norm, nn.SyncBatchNorm)]
        if plain and any(parameter.requires_grad for parameter in model.parameters()):
            warnings.warn(
                f"{type(model).__name__} holds {len(plain)} {type(plain[0]).__name__}, which normalise by the rows of "
                "one process, so training is not exactly that of one process. On GPUs pass "
                "`torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)` to `prepare`.",
                stacklevel=4,
            )


def choose_scaling(options: DataLoaderConfiguration, world: World, gradients: GradientState) -> Scaling:
    """Make what a configuration asks for; one process alone has whole batches either way."""
    return ExactScaling(gradients) if options.exact_scaling and world.size > 1 else Scaling(gradients)
