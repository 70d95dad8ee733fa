"""A digest knows every bit and every place; gradients are told by their norm and their sums."""

from __future__ import annotations

import math

import pytest
import torch

from migrator.verify.recorder import digest

TYPES = [
    *(torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128),
    *(torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64),
]


def _numbers(count: int, dtype: torch.dtype) -> torch.Tensor:
    own = torch.Generator().manual_seed(1)
    if dtype.is_complex or dtype.is_floating_point:
        return torch.randn(count, generator=own, dtype=torch.float64).to(dtype)
    return torch.randint(-100, 100, (count,), generator=own).to(dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("count", [1, 7, 2039, 5000])
def test_every_bit_counts(dtype: torch.dtype, count: int) -> None:
    numbers = _numbers(count, dtype)
    known = digest.digest(numbers)
    for at in {0, count // 2, count - 1}:
        for bit in range(8 * numbers.element_size()):
            changed = numbers.clone()
            changed.view(torch.uint8)[at * numbers.element_size() + bit // 8] ^= 1 << bit % 8
            assert digest.digest(changed) != known, (at, bit)


@pytest.mark.parametrize("count", [40_000, 2039 * 1024 + 3, 3_000_000], ids=str)
def test_one_bit_of_many_counts(count: int) -> None:
    numbers = _numbers(count, torch.float32)
    known = digest.digest(numbers)
    for at in (0, count // 3, count // 2, count - 1):
        changed = numbers.clone()
        changed.view(torch.int32)[at] ^= 1
        assert digest.digest(changed) != known


def test_an_exchange_is_seen() -> None:
    matrix = _numbers(60 * 70, torch.float32).view(60, 70)
    known = digest.digest(matrix)
    rows, columns, pair = matrix.clone(), matrix.clone(), matrix.clone()
    rows[[3, 9]] = matrix[[9, 3]]
    columns[:, [0, 1]] = matrix[:, [1, 0]]
    pair[5, 5], pair[40, 2] = matrix[40, 2].clone(), matrix[5, 5].clone()
    assert len({known, *map(digest.digest, (rows, columns, pair, matrix.T))}) == 5


def test_truths_are_told_apart() -> None:
    assert digest.digest(torch.tensor([True, False])) != digest.digest(torch.tensor([False, True]))


def test_the_count_is_part_of_a_digest() -> None:
    assert digest.digest(torch.zeros(3)) != digest.digest(torch.zeros(4))
    assert digest.digest(torch.zeros(0)) == digest.digest(torch.zeros(2, 0))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda one: one.T.contiguous().T, id="transposed"),
        pytest.param(lambda one: torch.stack((one, one), -1)[..., 0], id="every other number"),
        pytest.param(lambda one: one.to_sparse(), id="sparse"),
        pytest.param(lambda one: one.clone().requires_grad_(), id="trained"),
    ],
)
def test_layout_does_not_matter(make) -> None:
    matrix = _numbers(48, torch.float64).view(6, 8)
    assert digest.digest(make(matrix)) == digest.digest(matrix)
    assert digest.norm(make(matrix)) == pytest.approx(float(matrix.norm()))


def _trained(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    made = [torch.nn.Parameter(_numbers(math.prod(shape), dtype).view(shape)) for shape in shapes]
    for one in made:
        one.grad = one.detach() * 2
    return made


def test_small_neighbours_of_one_type_are_a_group() -> None:
    small, large = _trained((3, 4), (5,)), _trained((600, 600))
    double = _trained((2,), dtype=torch.float64)
    sizes = [len(group) for group in digest.groups([*small, *large, *double, *small])]
    assert sizes == [2, 1, 1, 2]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.complex64], ids=str
)
def test_gradients_have_a_norm_and_sums(dtype: torch.dtype) -> None:
    parameters = _trained((9, 4), (3,), dtype=dtype)
    (block,) = digest.blocks(digest.Gradients(parameters))
    flat = torch.cat([one.grad.reshape(-1) for one in parameters])
    real = (torch.view_as_real(flat) if dtype.is_complex else flat).double().reshape(-1)
    assert block.norm == pytest.approx(float(real.norm()), rel=1e-3)
    assert len(block.sums) == 9
    assert sum(block.sums) == pytest.approx(float(real.sum()), rel=1e-3, abs=1e-3)


def test_the_whole_group_counts_bit_for_bit() -> None:
    parameters = _trained((9, 4), (3,), (700, 700))
    known = [block.parameters for block in digest.blocks(digest.Gradients(parameters))]
    with torch.no_grad():
        parameters[1].view(torch.int32)[2] ^= 1
    found = [block.parameters for block in digest.blocks(digest.Gradients(parameters))]
    assert found[0] != known[0] and found[1:] == known[1:]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda one: one.T.contiguous().T, id="transposed"),
        pytest.param(lambda one: one.to_sparse(), id="sparse"),
        pytest.param(torch.nn.Buffer, id="of another class"),
        pytest.param(lambda one: torch._neg_view(-one), id="negated when it is read"),
    ],
)
def test_in_a_group_layout_does_not_matter_either(make) -> None:
    matrix, others = _numbers(12, torch.float32).view(3, 4), [torch.ones(5, 4), torch.ones(2), torch.tensor(3.0)]
    right, found = (digest._joined([one, *others]).flat.clone() for one in (matrix, make(matrix)))
    assert torch.equal(found, right)


@pytest.mark.parametrize(
    "shapes", [((3, 4), (4,), (), (2, 4), (), (1,)), ((0, 3), (2, 0), (0,), (5, 3)), ((), ())], ids=str
)
def test_a_group_has_all_numbers_of_all_shapes(shapes: tuple[tuple[int, ...], ...]) -> None:
    count = sum(map(math.prod, shapes))
    parts = torch.arange(1.0, count + 1).split([math.prod(shape) for shape in shapes])
    flat = digest._joined([part.view(shape) for part, shape in zip(parts, shapes, strict=True)]).flat
    assert sorted(flat.tolist()) == list(range(1, count + 1))


def test_without_a_gradient_there_are_zeros_and_sparse_ones_are_dense() -> None:
    (one,) = _trained((4, 2))
    one.grad = None
    (block,) = digest.blocks(digest.Gradients([one]))
    assert block.norm == 0 and not any(block.sums)
    one.grad = torch.eye(4)[:, :2].to_sparse()
    other = _trained((2,))
    (block,) = digest.blocks(digest.Gradients([one, *other]))
    assert block.norm == pytest.approx(math.sqrt(2 + float(other[0].grad.square().sum())))


def test_nothing_and_empty_have_blocks() -> None:
    assert digest.blocks(digest.Gradients([])) == ()
    (block,) = digest.blocks(digest.Gradients(_trained((0, 3))))
    assert block.norm == 0


def test_measuring_draws_nothing() -> None:
    digest._weights.cache_clear()
    before = torch.get_rng_state()
    digest.blocks(digest.Gradients(_trained((9, 4))))
    assert torch.equal(torch.get_rng_state(), before)
