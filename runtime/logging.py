"""Logging on several processes: once, or once from each."""

from __future__ import annotations

import functools
import logging
from collections.abc import MutableMapping
from typing import Any

from runtime.environment import Environment
from runtime.state import PartialState


class MultiProcessAdapter(logging.LoggerAdapter):  # type: ignore[type-arg]
    """A logger whose methods also take ``main_process_only=True`` and ``in_order=False``.

    ``in_order`` makes every process log, one after the other; all of them have to call then.
    """

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Put the rank in front, and make the record name the line that logged instead of this file."""
        msg, kwargs = super().process(msg, kwargs)
        kwargs.setdefault("stacklevel", 2)
        return f"[RANK {PartialState().process_index}] {msg}", kwargs

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log, where this process is asked to.

        Raises:  RuntimeError before any Accelerator or PartialState: the rank is unknown then.
        """
        if not PartialState._shared_state:
            raise RuntimeError(
                "The rank of this process is not known yet: make a `PartialState()` or an `Accelerator()` before logging."
            )
        main_process_only = kwargs.pop("main_process_only", True)
        in_order = kwargs.pop("in_order", False)
        if not self.isEnabledFor(level):
            return
        state = PartialState()
        # `logging` counts this frame in `stacklevel`, so the logger is called from here alone.
        message, kwargs = self.process(msg, kwargs)  # type: ignore[assignment]
        for turn in range(state.num_processes if in_order else 1):
            if turn == state.process_index if in_order else state.is_main_process or not main_process_only:
                self.logger.log(level, message, *args, **kwargs)
            if in_order:
                state.wait_for_everyone()

    @functools.lru_cache(None)  # noqa: B019 - loggers live as long as the process
    def warning_once(self, *args: Any, **kwargs: Any) -> None:
        """Warn, unless these very arguments were warned of before."""
        self.warning(*args, **kwargs)


def get_logger(name: str, log_level: str | None = None) -> MultiProcessAdapter:
    """Make a logger for several processes.

    Args:    name: such as ``__name__``.
             log_level: such as "INFO", also for the root logger; by default ACCELERATE_LOG_LEVEL, else unchanged.
    Source:  accelerate 1.15 ``accelerate.logging.get_logger``.
    """
    level = log_level or Environment.from_environment().log_level
    logger = logging.getLogger(name)
    if level is not None:
        logger.setLevel(level.upper())
        logger.root.setLevel(level.upper())
    return MultiProcessAdapter(logger, {})
