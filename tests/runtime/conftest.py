"""Fixtures for the runtime: a clean process, and a pair of processes that many tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime import AcceleratorState, GradientState
from tests.runtime.processes import Team


@pytest.fixture(autouse=True)
def _clean_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


@pytest.fixture(scope="session")
def _teams() -> Iterator[list[Team]]:
    teams: list[Team] = []
    yield teams
    for team in teams:
        team.close()


@pytest.fixture
def pair(_teams: list[Team]) -> Callable[..., list[Any]]:
    """Run a function in two gloo processes: ``pair(function, **arguments)``; they live on for the next test."""
    if not _teams or not _teams[-1].is_alive:
        _teams.append(Team(2))
    return _teams[-1].run
