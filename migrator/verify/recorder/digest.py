"""Tensors as a few numbers, made on their device: a pass over memory for each kind of number, and nothing is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from itertools import islice

import torch

from migrator.verify.trace import Block

_WIDTH = 2039  # a prime: two rows of a matrix that change places change the sums of columns
_TALL, _DEPTH = 1024, 16  # so many rows would not stay in a processor's cache; so many at a time do
_STRETCHES = 8
_WORDS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int32, 16: torch.int32}  # by the bytes of an element
# Tensors are joined up to so many numbers, where a copy costs less than further calls: a GPU copies faster.
_JOINED = 1 << 18
_JOINED_ON_DEVICE = 1 << 22
_KEPT = 512  # groups whose places are kept
_MODULUS = 1 << 64
_REAL = {torch.float32, torch.float64, torch.float16, torch.bfloat16}
_Part = tuple[Callable[..., torch.Tensor], list[int], torch.Tensor]  # how which tensors are copied to a place


def groups(parameters: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Put neighbours of one type on one device together, until they hold enough numbers."""
    group: list[torch.Tensor] = []
    held, limit, kind = 0, 0, None
    for parameter in parameters:
        count, its_kind = parameter.numel(), (parameter.dtype, parameter.get_device())
        if its_kind != kind or held + count > limit:
            if group:
                yield group
            group, held, kind = [], 0, its_kind
            limit = _JOINED if parameter.is_cpu else _JOINED_ON_DEVICE
        group.append(parameter)
        held += count
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


class _Vector:
    """Numbers of one type, cut in two ways: each cut is made once."""

    def __init__(self, flat: torch.Tensor) -> None:
        self.flat = flat

    @cached_property
    def stretches(self) -> list[torch.Tensor]:
        """The stretches, one a row, and the rest after them as another row."""
        length = self.flat.numel() // _STRETCHES
        whole = length * _STRETCHES
        rest = self.flat[whole:].view(1, -1)
        return [self.flat[:whole].view(_STRETCHES, length), rest] if length else [rest]

    @cached_property
    def words(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The bits, read as whole numbers: in rows of fixed width, and what is left over."""
        words = self.flat.view(_WORDS[self.flat.element_size()])
        height = words.numel() // _WIDTH
        return words[: height * _WIDTH].view(height, _WIDTH), words[height * _WIDTH :]


def _joined(tensors: Sequence[torch.Tensor]) -> _Vector:
    """Give the numbers of tensors of one type as one vector, which is good until the next is asked for."""
    first = tensors[0]
    if len(tensors) == 1:
        return _Vector(_plain(first))
    if first.dtype not in _REAL:
        return _Vector(torch.cat([_plain(one) for one in tensors]))
    if not first.is_cpu:  # another stream may still read what was there before
        with torch.no_grad():
            flat = [one.reshape(-1) if one.layout is torch.strided else _plain(one) for one in tensors]
            return _Vector(torch.cat(flat))
    dense = [one if one.layout is torch.strided else one.to_dense() for one in tensors]
    vector, parts = _places(first.dtype, tuple([one.shape for one in dense]))
    with torch.no_grad():
        for join, positions, place in parts:
            join([dense[position] for position in positions], out=place)
    return vector


@cache
def _scratch(dtype: torch.dtype) -> torch.Tensor:
    """Keep a place for what is joined: it stays in a processor's cache, and new memory takes long to find."""
    return torch.empty(_JOINED, dtype=dtype, device="cpu")


@lru_cache(_KEPT)
def _places(dtype: torch.dtype, shapes: tuple[torch.Size, ...]) -> tuple[_Vector, list[_Part]]:
    """Give a place for tensors of some shapes. What has rows of one shape lies together, so that one call copies it."""
    whole = _scratch(dtype)[: sum(shape.numel() for shape in shapes)]
    by_row: dict[torch.Size | None, list[int]] = {}
    for position, shape in enumerate(shapes):
        by_row.setdefault(shape[1:] if shape else None, []).append(position)
    parts: list[_Part] = []
    end = 0
    for row, positions in by_row.items():
        height = len(positions) if row is None else sum(shapes[position][0] for position in positions)
        size = row or torch.Size()
        began, end = end, end + height * size.numel()
        parts.append((torch.stack if row is None else torch.cat, positions, whole[began:end].view(height, *size)))
    return _Vector(whole), parts


def _table(vector: _Vector) -> torch.Tensor:
    """Sum a vector's bits, read as whole numbers in rows of fixed width, over the columns, modulo 2**32."""
    rows, rest = vector.words
    height = len(rows)
    if height >= _TALL:
        deep = height // _DEPTH * _DEPTH
        layers = rows[:deep].view(-1, _DEPTH, _WIDTH).sum(1, dtype=torch.int32)
        rows = torch.cat((layers, rows[deep:].to(torch.int32)))
    table = rows.sum(0, dtype=torch.int32)
    table[: len(rest)].add_(rest)
    return table


@cache
def _weights(device: torch.device) -> torch.Tensor:
    """Give a factor for each column: odd, so that none loses a bit, and no two alike in their last 12 bits."""
    columns = torch.arange(_WIDTH, device="cpu")
    own = torch.Generator("cpu").manual_seed(0)  # nothing is drawn from a stream of the script's
    drawn = torch.randint(1 << 48, (_WIDTH,), generator=own, device="cpu")
    return (drawn << 16 | columns << 1 | 1).to(device)


def _digests(vectors: Iterable[_Vector]) -> list[str]:
    """Give a digest of each vector; only one of them need exist at a time."""
    tables = [(len(vector.flat), _table(vector)) for vector in vectors]
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
    return _digests([_Vector(_plain(tensor))])[0]


def _precise(flat: torch.Tensor) -> torch.dtype:
    return flat.dtype if flat.dtype in (torch.float32, torch.float64) else torch.float32


def norm(tensor: torch.Tensor) -> float:
    """Give the norm of a tensor of any kind."""
    flat = _plain(tensor)
    flat = flat if flat.is_floating_point() else flat.float()
    return float(torch.linalg.vector_norm(flat, dtype=_precise(flat)))


class Gradients:
    """The norm of each group's gradients, and their sums over stretches of equal length; not waited for until they are read.

    The rest after the stretches is another stretch. A parameter without a gradient counts as zeros.
    """

    def __init__(self, parameters: Sequence[torch.Tensor]) -> None:
        """Measure."""
        self.groups = list(groups(parameters))
        self._parts = [_measured(_joined(_gradients(group))) for group in self.groups]

    def read(self) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Give the norm and the sums, group by group."""
        if self._parts:
            device = self._parts[0][0].device
            values = iter(torch.cat([part.to(device) for parts in self._parts for part in parts]).tolist())
            for parts in self._parts:
                norm, *sums = islice(values, sum(map(len, parts)))
                yield norm, tuple(sums)


def _measured(vector: _Vector) -> list[torch.Tensor]:
    kind = _precise(vector.flat)
    norm = torch.linalg.vector_norm(vector.flat, keepdim=True, dtype=kind)
    return [norm, *(rows.sum(1, dtype=kind) for rows in vector.stretches)]


def _gradients(parameters: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.zeros_like(one) if (own := one.grad) is None else own for one in parameters]


def blocks(gradients: Gradients) -> tuple[Block, ...]:
    """Join what the gradients were with what the parameters are now."""
    digests = _digests(map(_joined, gradients.groups))
    return tuple(Block(text, *measured) for text, measured in zip(digests, gradients.read(), strict=True))
