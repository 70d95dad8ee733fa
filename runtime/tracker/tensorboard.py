"""TensorBoard, by torch's own writer or by tensorboardX."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from runtime.tracking import GeneralTracker
from runtime.tree import listify


def _writer_class() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:  # torch's needs the tensorboard package
        from tensorboardX import SummaryWriter
    return SummaryWriter


def _as_hyperparameter(value: Any) -> Any:
    return value if isinstance(value, (bool, str, float, int)) else str(value)


class TensorBoardTracker(GeneralTracker):
    """Writes event files to ``<logging_dir>/<run_name>``."""

    name = "tensorboard"
    requires_logging_directory = True

    def __init__(self, run_name: str, logging_dir: str | os.PathLike[str], **kwargs: Any) -> None:
        """Remember where to write.

        Args:    kwargs: those of ``SummaryWriter``.
        """
        super().__init__()
        self.run_name = run_name
        self.logging_dir = os.path.join(logging_dir, run_name)
        self._options = kwargs
        self.writer: Any = None

    @property
    def tracker(self) -> Any:
        """The ``SummaryWriter``."""
        return self.writer

    def start(self) -> None:
        """Open the event file."""
        self.writer = _writer_class()(self.logging_dir, **self._options)

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Store hyperparameters, also as ``hparams.json`` beside the event file."""
        self.writer.add_hparams({name: _as_hyperparameter(value) for name, value in values.items()}, metric_dict={})
        self.writer.flush()
        (Path(self.logging_dir) / "hparams.json").write_text(json.dumps(values, indent=1, default=str))

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Log numbers as scalars, texts as text, dictionaries of numbers as scalars in one diagram."""
        for name, value in listify(values).items():
            if isinstance(value, (int, float)):
                self.writer.add_scalar(name, value, global_step=step, **kwargs)
            elif isinstance(value, str):
                self.writer.add_text(name, value, global_step=step, **kwargs)
            elif isinstance(value, dict):
                self.writer.add_scalars(name, value, global_step=step, **kwargs)
        self.writer.flush()

    def log_images(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Log batches of images, by name."""
        for name, images in values.items():
            self.writer.add_images(name, images, global_step=step, **kwargs)

    def finish(self) -> None:
        """Close the event file."""
        self.writer.close()
