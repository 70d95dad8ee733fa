"""Where a run keeps its files."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass
class ProjectConfiguration:
    """Folders of a run, and what becomes of its checkpoints.

    Args:    project_dir: the folder of everything.
             logging_dir: that of trackers; by default ``project_dir``.
             automatic_checkpoint_naming: number checkpoints, as ``<project_dir>/checkpoints/checkpoint_<iteration>``.
             total_limit: how many of those to keep.
             iteration: the number of the next one.
             save_on_each_node: write every file on each machine, where they share no disk.
    """

    project_dir: str | os.PathLike[str] | None = None
    logging_dir: str | os.PathLike[str] | None = None
    automatic_checkpoint_naming: bool = False
    total_limit: int | None = None
    iteration: int = 0
    save_on_each_node: bool = False

    def __post_init__(self) -> None:
        self.set_directories(self.project_dir)

    def set_directories(self, project_dir: str | os.PathLike[str] | None = None) -> None:
        """Move to ``project_dir``, the trackers too unless they have a folder of their own."""
        self.project_dir = project_dir
        if self.logging_dir is None:
            self.logging_dir = project_dir
