"""How training runs: on one process (`single`), or as data-parallel replicas (`ddp`)."""

from __future__ import annotations

from runtime.backend.single import Single
from runtime.world import World

__all__ = ["Single", "choose"]


def choose(world: World) -> Single:
    """Pick the backend for a world; the distributed one is imported only where it is used."""
    if world.size == 1:
        return Single(world)
    from runtime.backend.ddp import Replicated

    return Replicated(world)
