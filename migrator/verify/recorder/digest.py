"""Tensors as a few numbers, made on their device, in one pass over memory for each kind of number."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator, Sequence

import torch

from migrator.verify.trace import Block

_WIDTH = 65521  # a prime: two rows of a matrix that change places change the sums of columns
_GROUP = 1 << 20  # parameters below this many numbers are taken together, so that many small ones cost a few kernels
_STRETCHES = 16
_WORDS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int32}  # by the bytes of an element


def digest(flat: torch.Tensor) -> str:
    """Give a digest of every bit of a vector: the sums of its columns, modulo 2**32, as a table of fixed width.

    A change of one element always changes it; so does any exchange but one by a multiple of the width.
    """
    words = flat.view(_WORDS[flat.element_size()])
    rows = words.numel() // _WIDTH
    if rows > 1:
        sums = words[: rows * _WIDTH].view(rows, _WIDTH).sum(0, dtype=torch.int32)
        words = torch.cat((sums, words[rows * _WIDTH :].to(torch.int32)))
    words = words.cpu().contiguous()
    data = ctypes.string_at(words.data_ptr(), words.numel() * words.element_size())
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """Give the numbers of a tensor as a vector of real ones, dense."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.int_repr()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.dtype is torch.bool:
        tensor = tensor.view(torch.uint8)
    return tensor.reshape(-1)


def measure(flat: torch.Tensor) -> tuple[float, tuple[float, ...]]:
    """Give the norm of a vector, and its sums over stretches of equal length; the rest at its end is a stretch of its own."""
    if flat.dtype in (torch.float16, torch.bfloat16) or not flat.is_floating_point():
        flat = flat.float()
    length = flat.numel() // _STRETCHES
    parts = [torch.linalg.vector_norm(flat)[None]]
    if length:
        parts.append(flat[: length * _STRETCHES].view(_STRETCHES, length).sum(1))
    parts.append(flat[length * _STRETCHES :].sum()[None])
    norm, *sums = torch.cat(parts).tolist()
    return norm, tuple(sums)


def groups(parameters: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Put neighbours of one type and device together, until they hold enough numbers."""
    group: list[torch.Tensor] = []
    held = 0
    for parameter in parameters:
        like = group and (parameter.dtype, parameter.device) == (group[0].dtype, group[0].device)
        if group and (not like or held + parameter.numel() > _GROUP):
            yield group
            group, held = [], 0
        group.append(parameter)
        held += parameter.numel()
    if group:
        yield group


def _joined(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    return plain(tensors[0]) if len(tensors) == 1 else torch.cat([plain(one) for one in tensors])


Gradients = list[tuple[float, tuple[float, ...]]]


def gradients(parameters: Sequence[torch.Tensor]) -> Gradients:
    """Measure the gradients of each group; a parameter without one counts as zeros."""
    return [measure(_joined([_gradient(one) for one in group])) for group in groups(parameters)]


def _gradient(parameter: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def blocks(parameters: Sequence[torch.Tensor], measured: Gradients) -> tuple[Block, ...]:
    """Join what the gradients were with what the parameters are now."""
    return tuple(
        Block(digest(_joined(group)), norm, sums)
        for group, (norm, sums) in zip(groups(parameters), measured, strict=True)
    )
