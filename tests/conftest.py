"""What all tests share: a cache folder for each, and the switches of the command line, which pytest reads from here alone."""

from __future__ import annotations

from itertools import count

import pytest

_NUMBERS = count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write what comes out today to fixtures/*/after, where it passes the oracle; review the diff like code",
    )
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="judge every mutant of every fixture, not one of each kind for each rule; takes a quarter of an hour",
    )


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep each test's answers by themselves: away from the user's, and from those that a stand-in has given."""
    folder = tmp_path_factory.getbasetemp() / f"cache-{next(_NUMBERS)}"  # made only when something is kept
    monkeypatch.setenv("MIGRATE_CACHE_DIR", str(folder))
