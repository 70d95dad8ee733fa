"""Which folder is the project: what a script may reach by relative paths and imports, and what is copied."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence

from migrator.errors import Unverifiable

_REPOSITORY = (".git",)
_PACKAGE = ("pyproject.toml", "setup.py", "setup.cfg")


def find_root(script: str, paths: Sequence[str], cwd: str) -> str:
    """Find the project of a script: its repository, else what is installed as a whole, else the folder around all of it.

    Args:    paths: the files and folders to migrate. cwd: where the script is run; it counts unless it lies above the project.
    Returns: a real path; never the home folder, the folder of temporary files, or one above them.
    Raises:  Unverifiable where the script lies directly in one of these.
    """
    script_folder = _folder_of(script)
    if _is_too_wide(script_folder):
        raise Unverifiable(
            f"{script} lies directly in {script_folder}, which is not copied as a whole; "
            "move the program into a separate folder."
        )
    own = _project_of(script_folder)
    cwd = os.path.realpath(cwd)
    root = own or script_folder
    started_above = own is not None and _contains(cwd, own)  # maybe from among many projects
    for folder in (*map(_folder_of, paths), *([] if started_above else [cwd])):
        around = _common(root, _project_of(folder) or folder)
        if around and not _is_too_wide(around):
            root = around
    return root


def _project_of(folder: str) -> str | None:
    """The repository around a folder, else the nearest package; a home folder that is a repository is none."""
    for names in (_REPOSITORY, _PACKAGE):
        for above in _upwards(folder):
            if not _is_too_wide(above) and any(os.path.lexists(os.path.join(above, name)) for name in names):
                return above
    return None


def _is_too_wide(folder: str) -> bool:
    places = ("~", tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm")
    return any(_contains(folder, os.path.realpath(os.path.expanduser(place))) for place in places)


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        folder = above
        yield folder


def _folder_of(path: str) -> str:
    """The folder that is meant, or that a file lies in: where its link lies, if it is one."""
    path = os.path.abspath(path)
    return os.path.realpath(path if os.path.isdir(path) else os.path.dirname(path))


def _contains(folder: str, path: str) -> bool:
    return _common(folder, path) == folder


def _common(one: str, other: str) -> str | None:
    try:
        return os.path.commonpath((one, other))
    except ValueError:  # on two drives
        return None
