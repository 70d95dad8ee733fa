"""The values that the script calls `backward` on; calls within other packages are not recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch

from migrator.verify.recorder import digest
from migrator.verify.recorder.journal import Journal
from migrator.verify.recorder.optimizers import Optimizers
from migrator.verify.trace import Backward, Step


def _leaves(value: torch.Tensor) -> list[torch.Tensor]:
    """List the leaves that a value was computed from, in the order of the graph."""
    found: dict[int, torch.Tensor] = {}
    todo: list[Any] = [value.grad_fn]
    seen: set[Any] = set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found[id(node.variable)] = node.variable
        todo += [following for following, _ in reversed(node.next_functions)]
    return list(found.values())


class BackwardWatch:
    """Notes each outermost call; without an optimizer, the gradients that it left too."""

    def __init__(self, journal: Journal, optimizers: Optimizers) -> None:
        """Put hooks into torch."""
        self._journal = journal
        self._optimizers = optimizers
        self._depth = 0
        self.after: Callable[[list[torch.Tensor]], None] | None = None  # called with what has gradients
        method, function = torch.Tensor.backward, torch.autograd.backward

        def backward(tensor: torch.Tensor, *args: object, **options: object) -> object:
            return self._outermost(tensor, lambda: method(tensor, *args, **options))

        def autograd_backward(tensors: Any, *args: object, **options: object) -> object:
            if sys._getframe(1).f_globals.get("__name__", "").startswith("runtime."):
                return function(tensors, *args, **options)
            first = tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors))
            return self._outermost(first, lambda: function(tensors, *args, **options))

        torch.Tensor.backward = backward
        torch.autograd.backward = autograd_backward

    def _outermost(self, value: torch.Tensor, call: Callable[[], Any]) -> object:
        if self._depth:
            return call()
        self._journal.note(Backward(float(value.detach().double().sum()), self._journal.place()))
        without_optimizer = not self._optimizers.made
        leaves = _leaves(value) if without_optimizer else []
        self._depth += 1
        try:
            result = call()
        finally:
            self._depth -= 1
        if self.after:
            self.after(leaves if without_optimizer else list(self._optimizers.parameters()))
        if without_optimizer:
            self._note_gradients(leaves)
        return result

    def _note_gradients(self, parameters: list[torch.Tensor]) -> None:
        blocks = digest.blocks(digest.Gradients(parameters))
        self._journal.note(Step(-1, "manual step", (), blocks, self._journal.streams(), self._journal.place()))
        self._journal.count_step()
