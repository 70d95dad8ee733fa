"""Which files can matter, told from their bytes alone: before libcst is imported, and for less than a parse."""

from __future__ import annotations

from collections.abc import Iterable

# A script whose objects come from elsewhere need not say "torch": the training loop itself must be enough.
SIGNS = (b"torch", b"backward(", b".cuda(", b".to(", b"prepare(")


def matters(data: bytes) -> bool:
    """Whether a file with these bytes can hold something to migrate."""
    return any(sign in data for sign in SIGNS)


def _may_matter(path: str) -> bool:
    """Whether a file can matter; one that cannot be read may, and whoever opens it next says why it cannot."""
    try:
        with open(path, "rb", buffering=0) as file:
            return matters(file.read())
    except OSError:
        return True


def candidates(paths: Iterable[str]) -> list[str]:
    """Keep the files that can matter."""
    return [path for path in paths if _may_matter(path)]
