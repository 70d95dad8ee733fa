"""Tensors as a few numbers, made on their device: a pass over memory for each kind of number, and nothing is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import torch

from migrator.verify.trace import Block

_WIDTH = 2039  # a prime: two rows of a matrix that change places change the sums of columns
_TALL, _DEPTH = 1024, 16  # so many rows would not stay in a processor's cache; so many at a time do
_STRETCHES = 16
_WORDS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int32, 16: torch.int32}  # by the bytes of an element
# Tensors are joined up to so many numbers, where a copy costs less than further calls: a GPU copies faster.
_JOINED = 1 << 18
_JOINED_ON_DEVICE = 1 << 22
_KEPT = 512  # groups whose places are kept
_MODULUS = 1 << 64
_REAL = {torch.float32, torch.float64, torch.float16, torch.bfloat16}


def groups(parameters: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Put neighbours of one type on one device together, until they hold enough numbers."""
    group: list[torch.Tensor] = []
    held, kind = 0, None
    for parameter in parameters:
        count, its_kind = parameter.numel(), (parameter.dtype, parameter.device)
        limit = _JOINED if parameter.is_cpu else _JOINED_ON_DEVICE
        if group and (its_kind != kind or held + count > limit):
            yield group
            group, held = [], 0
        group.append(parameter)
        held, kind = held + count, its_kind
    if group:
        yield group


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """Give a tensor's numbers as a vector of real ones, dense."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.int_repr()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.is_neg():
        tensor = tensor.resolve_neg()
    if tensor.dtype is torch.bool:
        tensor = tensor.view(torch.uint8)
    return tensor.reshape(-1).contiguous()  # every other number of a vector is one already, though not contiguous


def _joined(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Give the numbers of tensors of one type as one vector, which is good until the next is asked for."""
    first = tensors[0]
    if len(tensors) == 1:
        return _plain(first)
    if first.dtype not in _REAL:
        return torch.cat([_plain(one) for one in tensors])
    with torch.no_grad():
        if not first.is_cpu:  # another stream may still read what was there before
            return torch.cat([one.reshape(-1) if one.layout is torch.strided else _plain(one) for one in tensors])
        dense = [one if one.layout is torch.strided else one.to_dense() for one in tensors]
        whole, places = _places(first.dtype, tuple(one.shape for one in dense))
        torch._foreach_copy_(places, dense)
        return whole


@cache
def _scratch(dtype: torch.dtype) -> torch.Tensor:
    """Keep a place for what is joined: the system takes longer to find new memory than we to read it."""
    return torch.empty(_JOINED, dtype=dtype, device="cpu")


@lru_cache(_KEPT)
def _places(dtype: torch.dtype, shapes: tuple[torch.Size, ...]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Give a place for tensors of some shapes, as a vector and as one tensor of each shape."""
    counts = [shape.numel() for shape in shapes]
    whole = _scratch(dtype)[: sum(counts)]
    return whole, [part.view(shape) for part, shape in zip(whole.split(counts), shapes, strict=True)]


def _table(flat: torch.Tensor) -> torch.Tensor:
    """Sum a vector's bits, read as whole numbers in rows of fixed width, over the columns, modulo 2**32."""
    words = flat.view(_WORDS[flat.element_size()])
    height = words.numel() // _WIDTH
    rows, rest = words[: height * _WIDTH].view(height, _WIDTH), words[height * _WIDTH :]
    if height >= _TALL:
        deep = height // _DEPTH * _DEPTH
        layers = rows[:deep].view(-1, _DEPTH, _WIDTH).sum(1, dtype=torch.int32)
        rows = torch.cat((layers, rows[deep:].to(torch.int32)))
    table = rows.sum(0, dtype=torch.int32)
    table[: rest.numel()] += rest
    return table


@cache
def _weights(device: torch.device) -> torch.Tensor:
    """Give a factor for each column: odd, so that none loses a bit, and no two alike in their last 12 bits."""
    columns = torch.arange(_WIDTH, device="cpu")
    own = torch.Generator("cpu").manual_seed(0)  # nothing is drawn from a stream of the script's
    drawn = torch.randint(1 << 48, (_WIDTH,), generator=own, device="cpu")
    return (drawn << 16 | columns << 1 | 1).to(device)


def _digests(vectors: Iterable[torch.Tensor]) -> list[str]:
    """Give a digest of each vector; only one of them need exist at a time."""
    tables = [(flat.numel(), _table(flat)) for flat in vectors]
    if not tables:
        return []
    device = tables[0][1].device
    sums: list[int] = (torch.stack([table.to(device) for _, table in tables]) * _weights(device)).sum(1).tolist()
    return [f"{count:x}.{value % _MODULUS:016x}" for (count, _), value in zip(tables, sums, strict=True)]


def digest(tensor: torch.Tensor) -> str:
    """Give a digest of every bit of a tensor.

    A change of one number always changes it, and so does an exchange of two, but for those whose distance is a multiple
    of the width: these are summed.
    """
    return _digests([_plain(tensor)])[0]


def _precise(flat: torch.Tensor) -> torch.dtype:
    return flat.dtype if flat.dtype in (torch.float32, torch.float64) else torch.float32


def norm(tensor: torch.Tensor) -> float:
    """Give the norm of a tensor of any kind."""
    flat = _plain(tensor)
    flat = flat if flat.is_floating_point() else flat.float()
    return float(torch.linalg.vector_norm(flat, dtype=_precise(flat)))


class Gradients:
    """The norm of each group's gradients, and their sums over stretches of equal length; not waited for until they are read.

    What is left over behind the stretches is a stretch of its own. A parameter without a gradient counts as zeros.
    """

    def __init__(self, parameters: Sequence[torch.Tensor]) -> None:
        """Measure."""
        self.groups = list(groups(parameters))
        self._parts: list[torch.Tensor] = []
        self._lengths: list[int] = []
        for group in self.groups:
            self._measure(_joined([_gradient(one) for one in group]))

    def _measure(self, flat: torch.Tensor) -> None:
        kind = _precise(flat)
        length = flat.numel() // _STRETCHES
        whole = length * _STRETCHES
        self._parts.append(torch.linalg.vector_norm(flat, dtype=kind).view(1))
        if length:
            self._parts.append(flat[:whole].view(_STRETCHES, length).sum(1, dtype=kind))
        self._parts.append(flat[whole:].sum(dtype=kind).view(1))
        self._lengths.append(_STRETCHES + 1 if length else 1)

    def read(self) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Give the norm and the sums, group by group."""
        if self._parts:
            device = self._parts[0].device
            values = iter(torch.cat([part.to(device) for part in self._parts]).tolist())
            for length in self._lengths:
                yield next(values), tuple(next(values) for _ in range(length))


def _gradient(parameter: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def blocks(gradients: Gradients) -> tuple[Block, ...]:
    """Join what the gradients were with what the parameters are now."""
    digests = _digests(map(_joined, gradients.groups))
    return tuple(Block(text, *measured) for text, measured in zip(digests, gradients.read(), strict=True))
