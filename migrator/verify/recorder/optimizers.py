"""Gradients before, and parameters after, each step of each optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.optim import optimizer as hooks

from migrator.verify.recorder import digest
from migrator.verify.recorder.journal import Journal
from migrator.verify.trace import Step


def parameters_of(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """List what an optimizer updates."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


class Optimizers:
    """Notes each step; knows every optimizer of the script."""

    def __init__(self, journal: Journal) -> None:
        """Put hooks into torch."""
        self._journal = journal
        self._stepped: list[torch.optim.Optimizer] = []
        self._measured: dict[int, digest.Gradients] = {}
        self.made: list[torch.optim.Optimizer] = []
        construct = torch.optim.Optimizer.__init__

        def made(optimizer: Any, *args: object, **options: object) -> None:
            construct(optimizer, *args, **options)
            self.made.append(optimizer)

        torch.optim.Optimizer.__init__ = made
        hooks.register_optimizer_step_pre_hook(self._before)
        hooks.register_optimizer_step_post_hook(self._after)

    def parameters(self) -> Iterator[torch.Tensor]:
        """Give what all optimizers update, each once."""
        seen: set[int] = set()
        for parameter in (parameter for optimizer in self.made for parameter in parameters_of(optimizer)):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield parameter

    def _before(self, optimizer: object, args: object, options: object) -> None:
        self._measured[id(optimizer)] = digest.Gradients(parameters_of(optimizer))

    def _after(self, optimizer: Any, args: object, options: object) -> None:
        if not any(optimizer is known for known in self._stepped):
            self._stepped.append(optimizer)
        number = next(i for i, known in enumerate(self._stepped) if known is optimizer)
        rates = tuple(float(group["lr"]) for group in optimizer.param_groups if "lr" in group)
        blocks = digest.blocks(self._measured.pop(id(optimizer)))
        journal = self._journal
        journal.note(Step(number, type(optimizer).__name__, rates, blocks, journal.streams(), journal.place()))
        journal.count_step()
