"""A copy of a project taken back to a revision of its git repository; the repository itself is only read."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.errors import Unverifiable, UsageError
from migrator.verify.copies.overlay import make_way, put, put_link
from migrator.verify.copies.tree import Tree, shown

_GIT = (
    *("git", "--no-pager", "--no-optional-locks", "--literal-pathspecs"),
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
)
_FILE, _PROGRAM, _LINK, _MODULE, _NONE = "100644", "100755", "120000", "160000", "000000"


@dataclass(frozen=True, slots=True)
class _Difference:
    path: str  # relative to the project
    mode: str  # at the revision
    name: str  # of the object there


def restore(root: str, tree: Tree, revision: str) -> tuple[str, ...]:
    """Make every tracked file in the copy with this root what it was at a revision; files that git does not know stay.

    Returns: paths of submodules that were at another commit then: they stay as they are.
    Raises:  UsageError where there is no repository, or no such revision in it; Unverifiable where git cannot be used.
    """
    differences = list(_differences(tree.root, _commit(tree.root, revision)))
    for difference in differences:  # first: a file may have become a folder
        if difference.mode == _NONE and os.path.lexists(os.path.join(root, difference.path)):
            make_way(root, difference.path)
    changed = [difference for difference in differences if difference.mode not in (_NONE, _MODULE)]
    contents = _contents(tree.root, [difference.name for difference in changed])
    for difference, data in zip(changed, contents, strict=True):
        if difference.mode == _LINK:
            put_link(root, difference.path, _target(os.fsdecode(data), difference.path, tree.root))
        else:
            put(root, difference.path, data, 0o755 if difference.mode == _PROGRAM else 0o644)
    return tuple(difference.path for difference in differences if difference.mode == _MODULE)


def _target(text: str, path: str, root: str) -> str:
    """Where a link is to lead in a copy: what it reaches outside of the project stays where it is."""
    lexical = os.path.normpath(os.path.join(os.path.dirname(path), text))
    leads_out = lexical.split(os.sep)[0] == os.pardir
    return os.path.normpath(os.path.join(root, lexical)) if leads_out else text


def _commit(root: str, revision: str) -> str:
    """Find a revision."""
    inside = _run(root, ["rev-parse", "--is-inside-work-tree"])
    if inside.returncode or inside.stdout.strip() != b"true":
        said = _first_line(inside)
        raise UsageError(
            f"--against {revision}: {shown(root)} is not in a git repository ({said}); run without --against."
        )
    found = _run(root, ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"])
    if found.returncode or revision.startswith("-"):
        raise UsageError(
            f"--against {revision}: no such commit in the repository of {shown(root)}; `git log` lists them."
        )
    return found.stdout.decode().strip()


def _differences(root: str, commit: str) -> Iterator[_Difference]:
    """What of the tracked files differs between a commit and the disk.

    Only these are touched: a file whose content a filter brings to the disk, as LFS does, stays where it is the same.
    """
    index = (
        _check(root, _run(root, ["rev-parse", "--git-path", "index"])).decode("utf-8", "surrogateescape").strip("\n")
    )
    options = ["--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "--relative"]
    with tempfile.TemporaryDirectory() as folder:
        own = os.path.join(folder, "index")  # git brings the one it uses up to date
        if os.path.exists(os.path.join(root, index)):
            shutil.copy2(os.path.join(root, index), own)
        fields = _check(root, _run(root, ["diff", *options, commit, "--"], index=own)).split(b"\0")
    for about, path in zip(fields[0::2], fields[1::2], strict=False):  # the last one is empty
        mode, _, name, _, _ = about.decode().lstrip(":").split(" ")
        yield _Difference(os.path.join(*os.fsdecode(path).split("/")), mode, name)


def _contents(root: str, names: Sequence[str]) -> Iterator[bytes]:
    """The bytes of objects as git keeps them: no filter is run on them."""
    said = _check(root, _run(root, ["cat-file", "--batch"], "".join(f"{name}\n" for name in names).encode()))
    at = 0
    for name in names:
        end = said.index(b"\n", at)
        header = said[at:end].split()
        if len(header) != 3:  # "NAME missing"
            raise Unverifiable(
                f"the object {name} is missing in the repository of {shown(root)}; `git fetch` may bring it."
            )
        start = end + 1
        at = start + int(header[2])
        yield said[start:at]
        at += 1


def _run(
    root: str, arguments: Sequence[str], given: bytes = b"", index: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in the project: not in the repository that the environment names, without questions or a pager."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"} | ({"GIT_INDEX_FILE": index} if index else {})
    try:
        return subprocess.run(
            [*_GIT, "-C", root, *arguments], input=given, capture_output=True, env=environment, check=False
        )
    except FileNotFoundError as error:
        raise Unverifiable("--against needs git, and there is none on the PATH; install it.") from error


def _check(root: str, ran: subprocess.CompletedProcess[bytes]) -> bytes:
    if ran.returncode:
        raise Unverifiable(f"git failed in {shown(root)}: {_first_line(ran)}")
    return ran.stdout


def _first_line(ran: subprocess.CompletedProcess[bytes]) -> str:
    lines = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else f"exit code {ran.returncode}"
