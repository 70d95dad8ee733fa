"""States of random streams: reading them draws nothing, and restoring them is exact."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy
import pytest
import torch

from migrator.verify.recorder import streams


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    state, generator = streams.Reader().read(), numpy.random.get_bit_generator()
    yield
    numpy.random.set_bit_generator(generator)
    streams.restore(state)


def _draw() -> tuple[float, ...]:
    return float(torch.rand(1)), float(torch.randn(1)), random.random(), random.gauss(0, 1), float(numpy.random.rand())


def test_reading_draws_nothing() -> None:
    streams.seed(3)
    undisturbed = [_draw() for _ in range(3)]
    streams.seed(3)
    reader, drawn = streams.Reader(), []
    for _ in range(3):
        assert reader.read() == reader.read()
        drawn.append(_draw())
    assert drawn == undisturbed


def test_restoring_is_exact_also_from_text() -> None:
    random.gauss(0, 1)  # has drawn the next one ahead
    state = streams.Reader().read()
    drawn = [_draw() for _ in range(3)]
    streams.restore(streams.decode(streams.encode(state)))
    assert [_draw() for _ in range(3)] == drawn


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda: torch.rand(1), id="torch"),
        pytest.param(random.random, id="python"),
        pytest.param(lambda: random.gauss(0, 1), id="the second normal number of python"),
        pytest.param(lambda: random.seed(4), id="another seed of python"),
        pytest.param(numpy.random.rand, id="numpy"),
        pytest.param(numpy.random.randn, id="the second normal number of numpy"),
        pytest.param(lambda: numpy.random.seed(4), id="another seed of numpy"),
        pytest.param(lambda: numpy.random.set_bit_generator(numpy.random.PCG64(1)), id="another generator of numpy"),
    ],
)
def test_a_draw_of_each_stream_changes_the_digest(draw) -> None:
    streams.seed(3)
    random.gauss(0, 1)
    numpy.random.randn()
    reader = streams.Reader()
    before = streams.digest(reader.read())
    assert streams.digest(reader.read()) == before
    draw()
    assert streams.digest(reader.read()) != before


def test_another_kind_of_generator_is_read_and_restored() -> None:
    numpy.random.set_bit_generator(numpy.random.PCG64(1))
    reader = streams.Reader()
    before = reader.read()
    drawn = float(numpy.random.rand())
    assert reader.read() != before
    streams.restore(before)
    assert float(numpy.random.rand()) == drawn
