"""Averaging the gradients of one model, also where a loss reached only some of its parameters.

DistributedDataParallel starts to average when a backward reaches the first parameter, and waits for all of them. A
loss that uses one of several heads, or one of several losses, leaves it waiting, and the next forward raises. Here
hooks note which parameters were reached. Once the backward has ended, the others get a gradient of negative zeros, so
that the average completes.

Negative zero is the true neutral element of addition: ``-0.0 + -0.0`` is ``-0.0``, but ``-0.0 + 0.0`` is ``0.0``. An
average of nothing but negative zeros therefore says that *no* process reached the parameter, without one more
collective, and its gradient goes back to None, which optimizers skip as they do on one process.

Source: torch ``csrc/distributed/c10d/reducer.cpp`` (``autograd_hook``, ``prepare_for_backward``), read in 2.13.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd.graph import get_gradient_edge
from torch.nn import Parameter


def neutral_gradient(parameter: torch.Tensor, sparse: bool = False) -> torch.Tensor:
    """Make a gradient that changes no sum, not even the sign of a zero."""
    if sparse:  # of the form that embeddings make: indices of rows
        indices = torch.empty((1, 0), dtype=torch.int64, device=parameter.device)
        values = parameter.new_empty((0, *parameter.shape[1:]))
        return torch.sparse_coo_tensor(indices, values, parameter.shape, check_invariants=False)
    return torch.zeros_like(parameter, memory_format=torch.preserve_format).neg_()


def is_neutral(gradient: torch.Tensor) -> torch.Tensor:
    """Say, as a 0-d tensor on the gradient's device, whether nobody contributed to ``gradient``."""
    if gradient.is_sparse:
        return torch.tensor(gradient._nnz() == 0, device=gradient.device)
    values = torch.view_as_real(gradient) if gradient.is_complex() else gradient
    return (values.eq(0) & values.signbit()).all()


def drop_neutral(parameters: Sequence[torch.Tensor]) -> None:
    """Give the parameters that no process reached their None back."""
    held = [parameter for parameter in parameters if parameter.grad is not None]
    if held:
        # Stacked, so that a GPU is waited for once.
        flags = torch.stack([is_neutral(parameter.grad) for parameter in held]).tolist()  # type: ignore[arg-type]
        for parameter, unused in zip(held, flags, strict=True):
            if unused:
                parameter.grad = None


class Reduction:
    """One average: expected by a forward or before a backward, carried out by torch's reducer, settled after it."""

    def __init__(self, parameters: Sequence[Parameter], sparse: Sequence[bool], completes: bool = True) -> None:
        self.parameters = parameters
        self.completes = completes  # False: torch's own search for unused parameters is on
        self.expected = False  # torch's reducer listens for gradients
        self.local_forwards = 0  # made under `no_sync`; as many backwards are to stay local
        self._sparse = sparse
        self._reached = bytearray(len(parameters))  # 1 where the backward under way has been
        self._reducer: Any = None  # to be told to listen by the first parameter that a backward reaches
        self._hollow: set[int] = set()  # reached by a function that returned None as their gradient
        # A parameter holds its node weakly; the hooks live as long as this list.
        self._nodes = [self._watch(index) for index in range(len(parameters))]

    def _watch(self, index: int) -> Any:
        node = get_gradient_edge(self.parameters[index]).node
        node.register_hook(self._note(index))
        return node

    def _note(self, index: int) -> Callable[[Any, Sequence[torch.Tensor | None]], None]:
        """Make the hook of one parameter; registered before the reducer's own, it runs before it."""
        parameter, reached = self.parameters[index], self._reached

        def note(_: Any, gradients: Sequence[torch.Tensor | None]) -> None:
            if self._reducer is not None:
                self._listen()
            reached[index] = 1
            if gradients[0] is None and parameter.grad is None and self.expected and self.completes:
                parameter.grad = neutral_gradient(parameter, self._sparse[index])
                self._hollow.add(index)

        return note

    def note_forward(self, synchronised: bool) -> None:
        """Take note of a forward with gradients: torch has told the reducer to expect a backward, unless local."""
        if synchronised:
            self._expect()
        else:
            self.local_forwards += 1

    def _expect(self) -> None:
        self._forget()
        self.expected = True
        self.local_forwards = 0

    def _forget(self) -> None:
        self._reached[:] = bytes(len(self._reached))
        self._hollow.clear()

    def expect(self, reducer: Any, synchronised: bool) -> None:
        """Before a backward, make the reducer listen, whether or not a forward has told it to.

        It has not before a second backward through one forward, nor when the forward went past the prepared model.
        Without this their gradients would stay local, with no error. It is told when the backward has reached the first
        parameter: a reducer that listens cannot be told to stop, and would average the local gradients of a later
        backward if this one is another model's.
        """
        listening = self.expected and 0 in self._reached
        if self.completes and synchronised and not listening and not self.local_forwards:
            self._reducer = reducer

    def _listen(self) -> None:
        reducer, self._reducer = self._reducer, None
        reducer.prepare_for_backward([])
        self._expect()

    def stays_local(self) -> list[Parameter]:
        """List the parameters with a gradient of this process alone, from a backward that nobody expected."""
        return [] if self.expected else list(itertools.compress(self.parameters, self._reached))

    def settle(self, synchronised: bool) -> bool:
        """After a backward, complete the average if it was begun, and say whether it was.

        Raises:  RuntimeError if torch's own mechanism was asked for, and has not seen the forward.
        """
        self._reducer = None
        if 1 not in self._reached:
            return False
        averaged = self.expected
        if not averaged and synchronised and not self.local_forwards:
            raise RuntimeError(
                "A loss was computed past the prepared model's forward, by another method or the module inside, so its "
                "gradients would stay those of one process. With `find_unused_parameters` or `static_graph` torch "
                "averages what `model(...)` computes alone: compute the loss by that, or leave out the option."
            )
        if averaged and self.completes:
            self._complete()
        self.expected = False
        self.local_forwards = max(self.local_forwards - 1, 0)
        self._forget()
        return averaged

    def _complete(self) -> None:
        if 0 not in self._reached and not self._hollow:
            return
        missing = [index for index, reached in enumerate(self._reached) if not reached]
        fresh = [self.parameters[index] for index in missing if self.parameters[index].grad is None]
        fresh += [self.parameters[index] for index in self._hollow]
        if missing:
            self._contribute_nothing(missing)
        drop_neutral(fresh)

    def _contribute_nothing(self, missing: Sequence[int]) -> None:
        """Run a backward that reaches the missing parameters with neutral gradients."""
        parameters = [self.parameters[index] for index in missing]
        frozen = [parameter for parameter in parameters if not parameter.requires_grad]  # since they were prepared
        gradients = [neutral_gradient(self.parameters[index], self._sparse[index]) for index in missing]
        for parameter in frozen:
            parameter.requires_grad_(True)
        try:
            with torch.enable_grad():
                # An alias hands its gradient on as it is, where a view would reshape it: sparse ones cannot be.
                roots = [torch.ops.aten.alias(parameter) for parameter in parameters]
            torch.autograd.backward(roots, gradients)
        finally:
            for parameter in frozen:
                parameter.requires_grad_(False)
