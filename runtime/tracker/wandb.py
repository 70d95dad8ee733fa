"""Weights & Biases."""

from __future__ import annotations

from typing import Any

from runtime.tracking import GeneralTracker


class WandBTracker(GeneralTracker):
    """Makes one run of the project ``run_name``, from the main process."""

    name = "wandb"
    requires_logging_directory = False

    def __init__(self, run_name: str, **kwargs: Any) -> None:
        """Remember what to start.

        Args:    kwargs: those of ``wandb.init``.
        """
        super().__init__()
        self.run_name = run_name
        self._options = kwargs
        self.run: Any = None

    @property
    def tracker(self) -> Any:
        """The run, as ``wandb.init`` returned it."""
        return self.run

    def start(self) -> None:
        """Start the run."""
        import wandb

        self.run = wandb.init(project=self.run_name, **self._options)

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Store hyperparameters."""
        self.run.config.update(values, allow_val_change=True)

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Log values; ``kwargs`` are those of ``wandb.log``."""
        self.run.log(values, step=step, **kwargs)

    def log_images(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Log lists of images, by name."""
        import wandb

        for name, images in values.items():
            self.log({name: [wandb.Image(image) for image in images]}, step=step, **kwargs)

    def finish(self) -> None:
        """End the run."""
        self.run.finish()
