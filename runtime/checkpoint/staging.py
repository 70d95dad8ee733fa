"""Folders that appear whole or not at all, whenever the process is killed.

A checkpoint is written beside its place, marked complete, and renamed. Where there is one already::

    .name.partial   being written; complete once it holds the marker
    name            the checkpoint
    .name.previous  what was in its place, until the new one stands
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from runtime.errors import SettingsError

MARKER = "complete"  # a file, written last: what there is, and who wrote it


def partial_of(folder: Path) -> Path:
    """Name the folder that a checkpoint is written in."""
    return folder.with_name(f".{folder.name}.partial")


def _previous_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _flush(path: Path) -> None:
    """Have the system put a file, or the entries of a folder, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(folder: Path) -> dict[str, int]:
    """List the files of a folder, as relative paths, with their sizes."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in found}


def mark_complete(folder: Path, **facts: Any) -> None:
    """Write the marker, after everything else has reached the disk."""
    files = _files(folder)
    for name in files:
        _flush(folder / name)
    marker = folder / MARKER
    marker.write_text(json.dumps({**facts, "files": files}, indent=1))
    _flush(marker)
    if os.name == "posix":
        _flush(folder)


def read_marker(folder: Path) -> dict[str, Any] | None:
    """Read what `mark_complete` wrote; None where it has not."""
    try:
        found: dict[str, Any] = json.loads((folder / MARKER).read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None
    return found


def missing_files(folder: Path) -> list[str]:
    """List the files that a complete folder had, and that are gone or cut short."""
    marker = read_marker(folder) or {"files": {}}
    there = _files(folder)
    return [name for name, size in marker["files"].items() if there.get(name) != size]


def check_replaceable(folder: Path) -> None:
    """Stop before anything is written, where the folder could not be renamed.

    Raises:  SettingsError if it is a mount point, or this process works in it.
    """
    if not folder.exists():
        return
    here = Path.cwd().resolve()
    if folder.resolve() == here or folder.resolve() in here.parents or os.path.ismount(folder):
        raise SettingsError(
            f"A checkpoint is renamed into its place at once, and {folder} cannot be replaced: it is a mount point, or "
            "this process works in it. Save into a folder inside it."
        )


def begin(folder: Path) -> Path:
    """Make an empty folder to write a checkpoint in, after settling what an earlier process left."""
    recover(folder)
    check_replaceable(folder)
    partial = partial_of(folder)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def finish(folder: Path) -> None:
    """Put the complete folder into its place."""
    if folder.exists():
        os.rename(folder, _previous_of(folder))
    os.rename(partial_of(folder), folder)
    if os.name == "posix":
        _flush(folder.parent)
    _drop_previous(folder)


def _drop_previous(folder: Path) -> None:
    """Delete what was in a folder's place; files that are no checkpoint's are the user's, and move over."""
    previous = _previous_of(folder)
    if not previous.exists():
        return
    marker = read_marker(previous) or {"files": {}}
    for name in _files(previous):
        if name not in marker["files"] and not (folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(previous / name, folder / name)
    shutil.rmtree(previous)


def recover(folder: Path) -> None:
    """Finish a replacement that was interrupted, or undo it."""
    partial, previous = partial_of(folder), _previous_of(folder)
    if not folder.exists():
        if read_marker(partial) is not None:
            os.rename(partial, folder)
        elif previous.exists():
            os.rename(previous, folder)
    if folder.exists():
        _drop_previous(folder)


def delete(folder: Path) -> None:
    """Delete a folder, which is gone under its name at once."""
    doomed = folder.with_name(f".{folder.name}.deleted")
    shutil.rmtree(doomed, ignore_errors=True)
    os.rename(folder, doomed)
    shutil.rmtree(doomed)
