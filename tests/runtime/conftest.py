"""Fixtures for the runtime: a clean process, and teams of processes that many tests share."""

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
def _teams() -> Iterator[dict[int, Team]]:
    teams: dict[int, Team] = {}
    yield teams
    for team in teams.values():
        team.close()


@pytest.fixture
def team(_teams: dict[int, Team]) -> Callable[[int], Callable[..., list[Any]]]:
    """Run a function in gloo processes: ``team(3)(function, **arguments)``; they live on for the next test."""

    def choose(size: int) -> Callable[..., list[Any]]:
        if size in _teams and not _teams[size].is_alive:
            _teams.pop(size).close()
        if size not in _teams:
            _teams[size] = Team(size)
        return _teams[size].run

    return choose


@pytest.fixture
def pair(team: Callable[[int], Callable[..., list[Any]]]) -> Callable[..., list[Any]]:
    """Run a function in two gloo processes: ``pair(function, **arguments)``."""
    return team(2)
