"""When gradients of several batches are gathered before a step: the count, and its settings."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.errors import SettingsError
from runtime.handler import KwargsHandler
from runtime.state import GradientState


@dataclass
class GradientAccumulationPlugin(KwargsHandler):
    """How to accumulate.

    Args:    num_steps: batches for each optimizer step.
             adjust_scheduler: kept for Accelerate's sake, where it has no effect either.
             sync_with_dataloader: step at the end of a prepared loader, though the count is not complete.
             sync_each_batch: average gradients after every batch: slower, but it holds one gradient less in memory.
    """

    num_steps: int = 1
    adjust_scheduler: bool = True
    sync_with_dataloader: bool = True
    sync_each_batch: bool = False


def checked_steps(steps: int) -> int:
    """Return ``steps``.

    Raises:  SettingsError if it is no whole number of at least 1.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise SettingsError(f"`gradient_accumulation_steps` is {steps!r}; it has to be a whole number, 1 or more.")
    return steps


class Accumulation:
    """Counts the batches of one Accelerator, and says which of them end a step."""

    def __init__(self, gradients: GradientState) -> None:
        self.step = 0
        self._gradients = gradients

    def advance(self) -> bool:
        """Count one more batch, and return whether its gradients are to be averaged over the processes.

        The optimizer steps on the last batch of each group, and on the last batch of the loader.
        """
        gradients = self._gradients
        # Without accumulation the end of the loader changes nothing, so do not ask: it may have to fetch a batch.
        if gradients.num_steps > 1 and gradients.sync_with_dataloader and gradients.end_of_dataloader:
            self.step = 0
            gradients.sync_gradients = True
        else:
            self.step += 1
            gradients.sync_gradients = self.step % gradients.num_steps == 0
        return gradients.sync_gradients or gradients.sync_each_batch
