"""Accelerate's address for what lives in its own file here: ``from runtime.utils import set_seed``.

Scripts for Accelerate import from there; with this, only the package's name changes.
"""

from __future__ import annotations

from typing import Any

import runtime


def __getattr__(name: str) -> Any:
    try:
        return getattr(runtime, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted(runtime.__all__)
