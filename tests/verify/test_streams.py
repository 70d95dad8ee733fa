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
    state = streams.Reader().read()
    yield
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
    "draw", [lambda: torch.rand(1), random.random, numpy.random.rand], ids=["torch", "python", "numpy"]
)
def test_a_draw_of_each_stream_changes_the_digest(draw) -> None:
    reader = streams.Reader()
    before = streams.digest(reader.read())
    draw()
    assert streams.digest(reader.read()) != before
