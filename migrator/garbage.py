"""Free what programs leave behind: their trees and objects are full of cycles, which only a collection finds."""

from __future__ import annotations

import gc

_OBJECTS = 700_000  # made and not freed since the last collection, some 100 bytes each
_CHARACTERS = 100_000  # of parsed files that were dropped


def collect(dropped: int) -> None:
    """Collect garbage where that repays, and never look again at what is still in use then.

    Args:    dropped: how many characters of parsed files nobody uses any more.
    """
    if dropped < _CHARACTERS and (gc.isenabled() or gc.get_count()[0] < _OBJECTS):
        return
    if dropped:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
