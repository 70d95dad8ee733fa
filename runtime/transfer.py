"""Copies of batches to a GPU, beside what it computes, in the order and with the numbers of the plain loop.

Three things keep the GPU from waiting for data, and none of them waits for the GPU. Workers' batches are put into pinned
memory by torch's own thread. They are copied on a stream of their own, so that a copy does not queue behind the kernels
of the step before. And where the next batch lies ready, its copy is begun before the current one is handed out.
"""

from __future__ import annotations

import copy
import queue
from collections import deque
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader

from runtime.tree import leaves, send_to_device


class Copier(Protocol):
    """How a batch gets to the device, in two steps."""

    def send(self, batch: Any) -> Any:
        """Begin the copy."""

    def receive(self, sent: Any) -> Any:
        """Return the batch, for what is computed from now on."""


def _is_plain(leaf: Any) -> bool:
    """Say whether a leaf is a tensor whose memory can be told to be in use by two streams, or is not copied at all."""
    if isinstance(leaf, torch.Tensor):
        return type(leaf) in (torch.Tensor, torch.nn.Parameter) and leaf.layout is torch.strided and not leaf.is_nested
    return not hasattr(leaf, "to")


class SideStream:
    """Copies to a CUDA device on a stream of its own."""

    def __init__(self, device: torch.device, non_blocking: bool) -> None:
        """Make a copier.

        Args:    non_blocking: do not hold the process until a copy has ended either; for pinned memory.
        """
        self._device = device
        self._non_blocking = non_blocking
        self._stream = torch.cuda.Stream(device)

    def send(self, batch: Any) -> tuple[Any, torch.cuda.Event | None]:
        """Begin the copy; what is not made of plain tensors is copied on the current stream, as without us."""
        if not all(map(_is_plain, leaves(batch))):
            return send_to_device(batch, self._device, self._non_blocking), None
        with torch.cuda.stream(self._stream):
            moved = send_to_device(batch, self._device, self._non_blocking)
            return moved, self._stream.record_event()

    def receive(self, sent: tuple[Any, torch.cuda.Event | None]) -> Any:
        """Return the batch: kernels wait for its copy on the GPU, the process does not."""
        moved, copied = sent
        if copied is not None:
            current = torch.cuda.current_stream(self._device)
            current.wait_event(copied)
            for leaf in leaves(moved):
                if isinstance(leaf, torch.Tensor) and leaf.is_cuda:
                    leaf.record_stream(current)  # else the next copy may take this memory while it is still read
        return moved


def _is_ready(batches: Any, length: int | None) -> bool:
    """Say whether the next batch lies ready in pinned memory, and taking it now draws no random number.

    Taking it makes the loader ask its sampler for one more batch of indices. A sampler draws when it begins and,
    shuffling by torch's own, once more when it ends; so it is never brought to its end early.

    Source: torch ``utils/data/dataloader.py`` (``_MultiProcessingDataLoaderIter``), read in 2.13. Where a name is
    missing, nothing is read ahead.
    """
    received = getattr(batches, "_data_queue", None)
    asked, expected = getattr(batches, "_send_idx", None), getattr(batches, "_rcvd_idx", None)
    if length is None or asked is None or asked >= length - 1 or not isinstance(received, queue.Queue):
        return False
    with received.mutex:
        first = received.queue[0] if received.queue else None
    return isinstance(first, tuple) and first[0] == expected


class CopiedBatches:
    """The batches of a loader, on the device, the next one on its way where it lies ready."""

    def __init__(self, batches: Iterator[Any], copier: Copier, length: int | None = None) -> None:
        """Copy ``batches``.

        Args:    length: the number of batches, where it is known and the sampler draws only as torch's own do; None
                     to read nothing ahead.
        """
        self._batches = batches
        self._copier = copier
        self._length = length
        self._sent: deque[Any] = deque()
        self._error: BaseException | None = None

    def __iter__(self) -> CopiedBatches:
        return self

    def __next__(self) -> Any:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        sent = self._sent.popleft() if self._sent else self._copier.send(next(self._batches))
        if _is_ready(self._batches, self._length):
            try:
                self._sent.append(self._copier.send(next(self._batches)))
            except Exception as error:  # of the batch after this one, so it is told there
                self._error = error
        return self._copier.receive(sent)

    def __len__(self) -> int:
        return len(self._batches)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_batches" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._batches, name)


def pinned(loader: DataLoader[Any], device: torch.device | None) -> DataLoader[Any]:
    """Return a loader whose workers' batches are put into pinned memory, for a CUDA device; else ``loader``.

    Workers that were told how to start may make CUDA tensors, which cannot be pinned.
    """
    if device is None or device.type != "cuda" or not loader.num_workers or loader.pin_memory:
        return loader
    if loader.multiprocessing_context is not None:
        return loader
    twin = copy.copy(loader)
    twin.__dict__.update(pin_memory=True, _iterator=None)
    return twin
