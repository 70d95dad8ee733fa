"""Files on the disk: finding them, reading them, replacing them."""

from __future__ import annotations

from hashlib import blake2b

from migrator.errors import Unreadable
from migrator.source.atomic import replace, replace_all
from migrator.source.discover import discover

__all__ = ["digest", "discover", "read", "replace", "replace_all"]


def read(path: str) -> bytes:
    """Read a file; its bytes are also the fingerprint by which ``replace`` sees that nobody changed it.

    Raises:  Unreadable when it cannot be opened.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError as error:
        advice = "name a file" if isinstance(error, IsADirectoryError) else "see that it can be read, and run again"
        raise Unreadable(path, f"cannot be opened ({error.strerror or error}); {advice}") from error


def digest(data: bytes) -> str:
    """Give what stands for bytes in names and records."""
    return blake2b(data, digest_size=16).hexdigest()
