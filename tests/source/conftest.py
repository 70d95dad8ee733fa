from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrator.source import module
from migrator.source.native.reading import Unread
from migrator.source.text import Source


class Refusing:
    """A parser that leaves everything to libcst."""

    def __init__(self, source: Source) -> None:
        raise Unread


@pytest.fixture(scope="module", params=["Python's", "libcst's"])
def parser(request: pytest.FixtureRequest) -> Iterator[str]:
    """Read modules by one parser, then by the other."""
    name: str = request.param
    with pytest.MonkeyPatch.context() as patch:
        if name == "libcst's":
            patch.setattr(module, "Native", Refusing)
        yield name
