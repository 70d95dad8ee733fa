"""Steps of learning-rate schedulers that the script takes itself: not the first, which a scheduler takes when it is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from torch.optim import lr_scheduler

from migrator.verify.recorder.journal import Journal
from migrator.verify.trace import Schedule

_BASES = (lr_scheduler.LRScheduler, lr_scheduler.ReduceLROnPlateau)


class Schedules:
    """Notes each outermost call of ``step``; can be told to repeat it."""

    def __init__(self, journal: Journal) -> None:
        """Put hooks into torch, and into each class of the script's own when its first scheduler is made."""
        self._journal = journal
        self._made: dict[int, int] = {}
        self._kept: list[Any] = []
        self._watched: set[type] = set()
        self._depth = 0
        self.times: Callable[[int], int] = lambda number: 1
        for base in _BASES:
            self._watch_making(base)

    def _watch_making(self, base: Any) -> None:
        construct = base.__init__

        @wraps(construct)
        def made(scheduler: Any, *args: object, **options: object) -> None:
            for kind in type(scheduler).__mro__:
                if "step" in vars(kind) and kind not in self._watched:
                    self._watched.add(kind)
                    self._watch_steps(kind)
            self._depth += 1
            try:
                construct(scheduler, *args, **options)
            finally:
                self._depth -= 1
            if id(scheduler) not in self._made:
                self._made[id(scheduler)] = len(self._made)
                self._kept.append(scheduler)  # so that no other gets its id

        base.__init__ = made

    def _watch_steps(self, kind: Any) -> None:
        step = kind.step

        @wraps(step)
        def stepped(scheduler: object, *args: object, **options: object) -> object:
            if self._depth:
                return step(scheduler, *args, **options)
            self._depth += 1
            try:
                number = self._made.get(id(scheduler), -1)
                self._journal.note(Schedule(number, type(scheduler).__name__, self._journal.place()))
                for _ in range(self.times(number) - 1):
                    if _has_steps_left(scheduler):
                        step(scheduler, *args, **options)
                return step(scheduler, *args, **options) if _has_steps_left(scheduler) else None
            finally:
                self._depth -= 1

        kind.step = stepped


def _has_steps_left(scheduler: Any) -> bool:
    """Whether a schedule of fixed length, which fails beyond its end, can go on."""
    return bool(scheduler.last_epoch + 1 < getattr(scheduler, "total_steps", float("inf")))
