"""Experiment trackers: the protocol, the known ones, and which of them an Accelerator logs to."""

from __future__ import annotations

import importlib.util
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtime.errors import UnsupportedError
from runtime.kind import LoggerType

if TYPE_CHECKING:
    from runtime.project import ProjectConfiguration

_logger = logging.getLogger(__name__)
_REQUIRED = ("name", "requires_logging_directory", "tracker")


class GeneralTracker:
    """What a tracker has to offer: ``name``, ``requires_logging_directory`` and ``tracker``, as class attributes.

    ``tracker`` is a property with what the library itself calls a run. Only the main process makes, starts and feeds a
    tracker, unless its ``main_process_only`` is False.
    """

    main_process_only = True

    def __init__(self, _blank: bool = False) -> None:
        """Check that the subclass is complete.

        Args:    _blank: a tracker that does nothing, for the other processes.
        Raises:  NotImplementedError, naming what is missing.
        """
        missing = [] if _blank else [f"`{name}`" for name in _REQUIRED if name not in dir(self)]
        if missing:
            raise NotImplementedError(
                f"{type(self).__name__} is missing the following required attributes. Please define them in the class "
                f"definition: {', '.join(missing)}"
            )

    def start(self) -> None:
        """Begin a run; called by `Accelerator.init_trackers`."""

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Store the settings of the run."""

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Store values of one step."""

    def finish(self) -> None:
        """End the run."""


# Where the known trackers live; imported when one is asked for. A registered class stands for itself.
LOGGER_TYPE_TO_CLASS: dict[str, str | type[GeneralTracker]] = {
    "jsonl": "runtime.tracker.jsonl:JSONLinesTracker",
    "tensorboard": "runtime.tracker.tensorboard:TensorBoardTracker",
    "wandb": "runtime.tracker.wandb:WandBTracker",
}

# The package that each name of Accelerate's needs; our own needs none.
_PACKAGES = {
    "tensorboard": ("tensorboard", "tensorboardX"),
    "comet_ml": ("comet_ml",),
}


def _is_installed(kind: LoggerType) -> bool:
    packages = _PACKAGES.get(kind.value, (kind.value,))
    return kind is LoggerType.JSONL or any(importlib.util.find_spec(package) for package in packages)


def get_available_trackers() -> list[LoggerType]:
    """List the trackers of Accelerate's that this runtime knows and that are installed."""
    return [kind for kind in (LoggerType.TENSORBOARD, LoggerType.WANDB) if _is_installed(kind)]


def find_tracker_class(name: str) -> type[GeneralTracker]:
    """Import the class of a known or registered tracker."""
    found = LOGGER_TYPE_TO_CLASS[name]
    if isinstance(found, type):
        return found
    module, _, attribute = found.partition(":")
    made: type[GeneralTracker] = getattr(importlib.import_module(module), attribute)
    return made


def register_tracker_class(tracker_class: type[GeneralTracker]) -> None:
    """Let ``Accelerator(log_with=...)`` find a class by its ``name``.

    Args:    tracker_class: made as ``tracker_class(project_name, **kwargs)``, with the logging folder as its second
                 argument if it requires one.
    Raises:  ValueError if it is no complete subclass of GeneralTracker.
    """
    if not (isinstance(tracker_class, type) and issubclass(tracker_class, GeneralTracker)):
        raise ValueError(f"`tracker_class` must be a subclass of `GeneralTracker`, but got {tracker_class}.")
    if not getattr(tracker_class, "name", None):
        raise ValueError(f"{tracker_class.__name__} must define a non-empty `name`.")
    if not hasattr(tracker_class, "requires_logging_directory"):
        raise ValueError(f"{tracker_class.__name__} must define `requires_logging_directory`, True or False.")
    name: str = tracker_class.name
    if name in LOGGER_TYPE_TO_CLASS:
        warnings.warn(f"{tracker_class.__name__} replaces the tracker that was known as {name!r}.", stacklevel=2)
    LOGGER_TYPE_TO_CLASS[name] = tracker_class


def _is_usable(choice: Any, logging_dir: str | os.PathLike[str] | None) -> bool:
    """Say whether a tracker can be made; one that is not installed is passed over.

    Raises:  ValueError on an unknown name, or a missing folder; UnsupportedError on one that only Accelerate knows.
    """
    name = str(choice)
    if name not in LoggerType and name not in LOGGER_TYPE_TO_CLASS:
        raise ValueError(f"Unsupported logging capability: {name}. Choose between {LoggerType.list()}")
    if name in LoggerType and not _is_installed(LoggerType(name)):
        _logger.debug("Tracker %s is left out: its package is not installed.", name)
        return False
    if name not in LOGGER_TYPE_TO_CLASS:
        raise UnsupportedError(f'`Accelerator(log_with="{name}")`')
    if find_tracker_class(name).requires_logging_directory and logging_dir is None:
        raise ValueError(
            f"Logging with `{name}` requires a `logging_dir` to be passed in: `Accelerator(project_dir=...)`, or "
            "`ProjectConfiguration(logging_dir=...)`."
        )
    return True


def filter_trackers(
    log_with: Any | Sequence[Any] | None, logging_dir: str | os.PathLike[str] | None = None
) -> list[str | GeneralTracker]:
    """List what to log to: each name once, and only what is installed.

    Args:    log_with: names, objects, or "all" for every one of Accelerate's that is known here and installed.
             logging_dir: a folder for those that write files.
    Raises:  ValueError on an unknown name, or a missing folder; UnsupportedError on one that only Accelerate knows.
    """
    asked = [] if log_with is None else list(log_with) if isinstance(log_with, (list, tuple)) else [log_with]
    if any(str(choice) == "all" for choice in asked if not isinstance(choice, GeneralTracker)):
        asked = [choice for choice in asked if isinstance(choice, GeneralTracker)] + get_available_trackers()
    chosen: list[str | GeneralTracker] = []
    for choice in asked:
        if isinstance(choice, GeneralTracker):
            chosen.append(choice)
        elif str(choice) not in chosen and _is_usable(choice, logging_dir):
            chosen.append(str(choice))
    return chosen


class Tracking:
    """Logging to trackers, for the Accelerator."""

    is_main_process: bool
    log_with: list[str | GeneralTracker]
    trackers: list[GeneralTracker]
    project_configuration: ProjectConfiguration

    @property
    def logging_dir(self) -> str | None:
        """The folder for trackers that write files."""
        return self.project_configuration.logging_dir

    def _make_tracker(self, choice: str | GeneralTracker, project: str, options: Mapping[str, Any]) -> Any:
        if isinstance(choice, GeneralTracker):
            return choice
        kind: Any = find_tracker_class(choice)
        if not self.is_main_process and kind.main_process_only:
            return None
        place = (self.logging_dir,) if kind.requires_logging_directory else ()
        return kind(project, *place, **options)

    def init_trackers(
        self,
        project_name: str,
        config: dict[str, Any] | None = None,
        init_kwargs: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Begin a run with every tracker, and store its settings.

        Args:    config: the settings.
                 init_kwargs: by the name of a tracker, more arguments for its class.
        """
        for choice in self.log_with:
            tracker = self._make_tracker(choice, project_name, (init_kwargs or {}).get(str(choice), {}))
            if tracker is None or not (self.is_main_process or not tracker.main_process_only):
                continue
            tracker.start()
            self.trackers.append(tracker)
            if config is not None:
                tracker.store_init_configuration(config)

    def log(
        self,
        values: dict[str, Any],
        step: int | None = None,
        log_kwargs: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Log values to every tracker.

        Args:    log_kwargs: by the name of a tracker, more arguments for its ``log``.
        """
        for tracker in self.trackers:
            tracker.log(values, step=step, **(log_kwargs or {}).get(tracker.name, {}))  # type: ignore[attr-defined]

    def get_tracker(self, name: str, unwrap: bool = False) -> Any:
        """Return the tracker called ``name``; on processes that have none, one that does nothing.

        Args:    unwrap: return what the tracker's library calls a run.
        Raises:  ValueError if there are trackers, but none of this name.
        """
        for tracker in self.trackers:
            if tracker.name == name:  # type: ignore[attr-defined]
                return tracker.tracker if unwrap else tracker  # type: ignore[attr-defined]
        if self.trackers:
            raise ValueError(f"{name} is not an available tracker stored inside the `Accelerator`.")
        return GeneralTracker(_blank=True)
