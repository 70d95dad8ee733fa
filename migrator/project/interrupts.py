"""Work that must not be interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def undisturbed(numbers: Sequence[int]) -> Iterator[None]:
    """Delay signals such as Ctrl-C and termination until the block ends; threads other than the main one get none."""
    held: list[int] = []
    watched = numbers if threading.current_thread() is threading.main_thread() else ()
    handlers = {number: signal.signal(number, lambda number, _: held.append(number)) for number in watched}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for caught in held:
            signal.raise_signal(caught)
