"""A git repository for a copy: scripts ask for their commit, and must neither miss it nor write to the user's."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

_OF_WORKTREE = ("HEAD", "index", "ORIG_HEAD", "refs")  # what each has for itself
_OF_ALL = ("config", "packed-refs", "refs", "reftable", "shallow")
_SETTINGS = """
[core]
\tbare = false
\tworktree = {}
\thooksPath = {}
\tfsmonitor = false
"""


def copy_repository(project: str, root: str) -> None:
    """Give the copy with this root a separate repository, if the project has one; objects are read from the project's.

    Source:  gitrepository-layout(5): ``objects/info/alternates``, ``commondir``, a file ``.git``.
    """
    found = _find(project)
    if found is None:
        return
    own, common = found
    to = os.path.join(root, ".git")
    os.makedirs(os.path.join(to, "objects", "info"))
    parts = (name for name in os.listdir(own) if name.startswith("sharedindex."))  # of a split index
    for folder, names in ((common, _OF_ALL), (own, (*_OF_WORKTREE, *parts))):
        for name in names:
            _copy(os.path.join(folder, name), os.path.join(to, name))
    with open(os.path.join(to, "objects", "info", "alternates"), "wb") as file:
        file.write(_quoted(os.path.join(common, "objects")) + b"\n")
    with open(os.path.join(to, "config"), "ab") as file:  # the last setting of a name holds
        file.write(os.fsencode(_SETTINGS.format(_quoted(root).decode("utf-8", "surrogateescape"), os.devnull)))


def _quoted(path: str) -> bytes:
    """A path as git reads it, in a setting and in ``alternates``: in quotes."""
    return os.fsencode('"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"')


def _find(project: str) -> tuple[str, str] | None:
    """The folder of git's that belongs to a work tree, and the one that it shares with others; None without one."""
    own = os.path.join(project, ".git")
    if os.path.isfile(own):
        own = os.path.join(project, _line(own).removeprefix("gitdir: "))
    common = os.path.join(own, "commondir")
    common = os.path.join(own, _line(common)) if os.path.isfile(common) else own
    own, common = os.path.realpath(own), os.path.realpath(common)
    return (own, common) if os.path.isdir(os.path.join(common, "objects")) else None


def _line(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read().rstrip("\n")


def _copy(source: str, destination: str) -> None:
    with suppress(OSError, shutil.Error):  # what we may not read, or what has gone, git does not find there either
        if os.path.isdir(source):
            shutil.copytree(source, destination, dirs_exist_ok=True)
        else:
            shutil.copy2(source, destination)
