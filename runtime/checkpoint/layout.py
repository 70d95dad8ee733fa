"""What a checkpoint holds, what its files are called, and where it is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from runtime.backend import Single
from runtime.checkpoint import staging
from runtime.errors import SettingsError
from runtime.project import ProjectConfiguration

if TYPE_CHECKING:
    from runtime.loader import PreparedLoader
    from runtime.precision import Precision

_NUMBERED = re.compile(r"checkpoint_(\d+)")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a checkpoint holds."""

    models: Sequence[nn.Module]
    optimizers: Sequence[Any]
    schedulers: Sequence[Any]
    loaders: Sequence[PreparedLoader]
    precision: Precision
    custom: Sequence[Any]


def numbered(name: str, index: int, ending: str) -> str:
    """Name the file of the object with number ``index``; the first has none."""
    return f"{name}{f'_{index}' if index else ''}.{ending}"


def positions_name(rank: int) -> str:
    """Name the file that says where the loaders of a process stand; Accelerate has none of the kind."""
    return f"loader_positions_{rank}.bin"


def random_name(rank: int) -> str:
    """Name the file of a process's random states."""
    return f"random_states_{rank}.pkl"


def _checkpoints(project: ProjectConfiguration) -> dict[int, Path]:
    """List the numbered checkpoints of a project, in their order; those that are not complete are left out."""
    root = Path(project.project_dir or ".") / "checkpoints"
    found = {}
    for folder in root.iterdir() if root.is_dir() else ():
        number = _NUMBERED.fullmatch(folder.name)
        if number is not None and folder.is_dir() and not flaw_of(folder):
            found[int(number[1])] = folder
    return dict(sorted(found.items()))


def flaw_of(folder: Path) -> str | None:
    """Say what is wrong with a checkpoint; Accelerate's, which have no marker, need a random state."""
    if staging.read_marker(folder) is not None:
        missing = staging.missing_files(folder)
        return f"it lacks {', '.join(missing)}, or they were cut short" if missing else None
    if (folder / positions_name(0)).exists() or not (folder / random_name(0)).exists():
        return "it was never completed"
    return None


def writer_of(project: ProjectConfiguration, backend: Single) -> int:
    """Name the rank that writes what is the same on all processes: the first one, or the first one of each machine."""
    return backend.world.rank - backend.world.local_rank if project.save_on_each_node else 0


def _absolute(folder: Path) -> Path:
    """Name a folder so that it can be renamed, links in front of it kept."""
    return folder.parent.absolute() / folder.name if folder.name not in ("", "..") else folder.resolve()


def target(output_dir: str | os.PathLike[str] | None, project: ProjectConfiguration) -> Path:
    """Name the folder to save to: the numbered one, else the one asked for.

    Raises:  ValueError if the numbered one is there already, or no folder was named; SettingsError without a project.
    """
    if project.automatic_checkpoint_naming:
        if project.project_dir is None:
            raise SettingsError("Automatic checkpoint naming needs a `project_dir`.")
        folder = Path(project.project_dir) / "checkpoints" / f"checkpoint_{project.iteration}"
        staging.recover(folder)
        if folder.exists():
            raise ValueError(
                f"Checkpoint directory {folder} ({project.iteration}) already exists. Please manually override "
                "`self.save_iteration` with what iteration to start with."
            )
        return _absolute(folder)
    if output_dir is None:
        raise ValueError("`save_state` needs an `output_dir`, or automatic checkpoint naming.")
    return _absolute(Path(output_dir).expanduser())


def prune(new: Path, project: ProjectConfiguration) -> None:
    """Delete the numerically oldest checkpoints beyond the limit, never the new one."""
    others = [folder for folder in _checkpoints(project).values() if folder.name != new.name]
    for folder in others[: max(len(others) + 1 - (project.total_limit or 1), 0)]:
        staging.delete(folder)


def find_checkpoint(input_dir: str | os.PathLike[str] | None, project: ProjectConfiguration) -> Path:
    """Find the folder to load: the one asked for, else the complete one with the highest number.

    Raises:  ValueError if there is none, or the one asked for is not complete.
    """
    if input_dir is not None:
        folder = Path(input_dir).expanduser()
        if not folder.is_dir():
            raise ValueError(f"Tried to find {input_dir} but folder does not exist")
        if staging.read_marker(folder) is not None or (folder / positions_name(0)).exists():
            if flaw := flaw_of(folder):
                raise ValueError(f"The checkpoint {folder} cannot be loaded: {flaw}.")
        return folder
    if not project.automatic_checkpoint_naming:
        raise ValueError("No input_dir provided and automatic checkpoint naming is disabled.")
    found = _checkpoints(project)
    if not found:
        raise ValueError(f"There is no complete checkpoint in {Path(project.project_dir or '.') / 'checkpoints'}.")
    return list(found.values())[-1]


def recover(input_dir: str | os.PathLike[str] | None, project: ProjectConfiguration) -> None:
    """Settle replacements that an earlier process left half done."""
    if input_dir is not None:
        staging.recover(Path(input_dir).expanduser())
        return
    root = Path(project.project_dir or ".") / "checkpoints"
    for path in list(root.iterdir()) if root.is_dir() else ():
        found = re.fullmatch(rf"\.({_NUMBERED.pattern})\.(partial|previous)", path.name)
        if found is not None:
            staging.recover(root / found[1])
