"""The runner that runs whole programs, for the tests that judge what they do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.programs.oracle.runner import Runner


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Traces of scripts, each made once for all tests and all workers of this session."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    runner = Runner(shared / "traces")
    yield runner
    runner.close()
