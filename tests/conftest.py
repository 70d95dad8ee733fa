"""What all tests share: the laboratory that runs scripts, and the switch that accepts new expected files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oracle.laboratory import Laboratory


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write what comes out today to fixtures/*/after.py, where it passes the oracle; review the diff like code",
    )


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    """Traces of scripts, each made once for all tests and all workers of this session."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    laboratory = Laboratory(shared / "traces")
    yield laboratory
    laboratory.close()
