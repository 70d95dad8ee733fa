"""Whatever fails, and whenever: a file holds its old bytes or its new ones, and nothing is left beside it."""

from __future__ import annotations

import builtins
import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator.errors import Unreadable, Unwritable
from migrator.source import atomic
from migrator.source.files import read, replace, replace_all

OLD, NEW = b"old\r\n", b"new\n"
CALLS = ("open", "write", "fsync", "close", "chmod", "chown", "stat", "access", "link", "replace", "unlink")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.py"
    file.write_bytes(OLD)
    return file


def names(path: Path) -> list[str]:
    return sorted(os.listdir(path.parent))


def test_bytes_are_replaced(path: Path) -> None:
    assert read(str(path)) == OLD
    replace(str(path), NEW, OLD)
    assert path.read_bytes() == NEW
    assert names(path) == ["a.py"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o664])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_mode_is_kept(path: Path, mode: int) -> None:
    path.chmod(mode)
    replace(str(path), NEW, OLD)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept_where_that_is_permitted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(path, 12345, 54321)
    replace(str(path), NEW, OLD)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)

    def refuse(*arguments: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    replace(str(path), OLD, NEW)
    assert path.read_bytes() == OLD


def test_a_link_stays_and_its_target_is_replaced(path: Path) -> None:
    link = path.parent / "folder" / "link.py"
    link.parent.mkdir()
    try:
        link.symlink_to("../a.py")
    except (OSError, NotImplementedError):
        pytest.skip("links cannot be made here")
    replace(str(link), NEW, OLD)
    assert link.is_symlink()
    assert path.read_bytes() == NEW
    assert os.listdir(link.parent) == ["link.py"]


def test_a_long_name_leaves_room_for_the_one_beside_it(path: Path) -> None:
    long = path.parent / ("a" * 250 + ".py")
    long.write_bytes(OLD)
    replace(str(long), NEW, OLD)
    assert long.read_bytes() == NEW


# ---------------------------------------------------------------- refusals


def check_refused(path: Path, message: str) -> None:
    before = names(path)
    with pytest.raises(Unwritable, match=message) as caught:
        replace(str(path), NEW, OLD)
    assert caught.value.path == str(path)
    assert names(path) == before


def test_a_file_that_was_changed_since_it_was_read_is_left_alone(path: Path) -> None:
    path.write_bytes(b"mine")
    check_refused(path, "was changed by someone else in the meantime; run again")
    assert path.read_bytes() == b"mine"


def test_a_file_that_is_gone_is_not_made_again(path: Path) -> None:
    path.unlink()
    check_refused(path, "cannot be replaced .*; it was there when it was read; run again")
    assert not path.exists()


def test_a_read_only_file_is_left_alone_though_its_folder_is_writable(path: Path) -> None:
    path.chmod(0o444)
    check_refused(path, "is read-only; make it writable, and run again")
    assert path.read_bytes() == OLD
    path.chmod(0o644)


def test_a_file_that_we_may_not_write_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    check_refused(path, "is read-only")
    assert path.read_bytes() == OLD


def test_a_folder_is_no_file(path: Path) -> None:
    folder = path.parent / "b.py"
    folder.mkdir()
    check_refused(folder, "is not a regular file")


def test_a_folder_that_we_may_not_write_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Fault(monkeypatch, "open", 1, PermissionError(errno.EACCES, "Permission denied")):
        check_refused(path, "Permission denied.*; make the file and its folder writable")
    assert path.read_bytes() == OLD


def test_a_second_writer_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def write_between(handle: int) -> None:
        fsync(handle)
        path.write_bytes(b"theirs")

    monkeypatch.setattr(os, "fsync", write_between)
    check_refused(path, "was changed by someone else")
    assert path.read_bytes() == b"theirs"


def test_a_file_that_cannot_be_opened_says_why(path: Path) -> None:
    with pytest.raises(Unreadable, match=r"gone\.py:1:1: cannot be opened \(No such file"):
        read(str(path.parent / "gone.py"))
    with pytest.raises(Unreadable, match="cannot be opened"):
        read(str(path.parent))


# ---------------------------------------------------------------- faults


class Fault:
    """Lets one call to the system fail: the n-th to a function, or to any."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        call: str,
        number: int,
        error: BaseException,
        after: bool = False,
        times: int = 1,
    ) -> None:
        self.patch = monkeypatch
        self.calls = CALLS if call == "any" else (call,)
        self.number, self.error, self.after, self.times = number, error, after, times
        self.count = 0

    def __enter__(self) -> Fault:
        self.context = self.patch.context()
        inner = self.context.__enter__()
        for call in self.calls:
            inner.setattr(os, call, self.wrapped(getattr(os, call)))
        if "open" in self.calls:
            inner.setattr(builtins, "open", self.wrapped(builtins.open))
        return self

    def __exit__(self, *error: Any) -> None:
        self.context.__exit__(*error)

    @property
    def has_struck(self) -> bool:
        return self.count >= self.number

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.count += 1
            strikes = self.number <= self.count < self.number + self.times
            if strikes and not self.after:
                raise self.error
            result = function(*arguments, **keywords)
            if strikes:
                raise self.error
            return result

        return call


FAULTS = {
    "an error of the disk": (OSError(errno.EIO, "Input/output error"), False),
    "a full disk": (OSError(errno.ENOSPC, "No space left on device"), False),
    "Ctrl-C before": (KeyboardInterrupt(), False),
    "Ctrl-C behind": (KeyboardInterrupt(), True),
    "no memory": (MemoryError(), False),
}


@pytest.mark.parametrize(("error", "after"), [pytest.param(*rest, id=name) for name, rest in FAULTS.items()])
def test_one_file_is_old_or_new_whichever_call_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, after: bool
) -> None:
    for number in range(1, 100):
        path.write_bytes(OLD)
        failed = None
        with Fault(monkeypatch, "any", number, error, after) as fault:
            try:
                replace(str(path), NEW, OLD)
            except BaseException as caught:
                failed = caught
        assert path.read_bytes() in (OLD, NEW)
        assert names(path) == ["a.py"]
        if isinstance(failed, Unwritable):
            assert path.read_bytes() == OLD
        elif failed is None:
            assert path.read_bytes() == NEW
        else:
            assert isinstance(error, (KeyboardInterrupt, MemoryError))
        if not fault.has_struck:
            return
    raise AssertionError("never got through")


@pytest.mark.parametrize(("error", "after"), [pytest.param(*rest, id=name) for name, rest in FAULTS.items()])
@pytest.mark.parametrize("links", [True, False])
def test_several_files_are_all_old_or_all_new_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, after: bool, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", lambda *arguments: (_ for _ in ()).throw(OSError(errno.EPERM, "no links")))
    paths = [tmp_path / name for name in ("a.py", "b.py", "c.py")]
    changes = [(str(path), NEW + path.name.encode(), OLD + path.name.encode()) for path in paths]
    for number in range(1, 200):
        for path in paths:
            path.write_bytes(OLD + path.name.encode())
        failed = False
        with Fault(monkeypatch, "any", number, error, after) as fault:
            try:
                replace_all(changes)
            except BaseException:
                failed = True
        now = [path.read_bytes() for path in paths]
        assert now in ([old for _, _, old in changes], [new for _, new, _ in changes])
        assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py", "c.py"]
        if not failed:
            assert now == [new for _, new, _ in changes]
        if not fault.has_struck:
            return
    raise AssertionError("never got through")


def test_a_disk_that_stays_full_leaves_everything_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = path.parent / "b.py"
    other.write_bytes(OLD)
    full = OSError(errno.ENOSPC, "No space left on device")
    with Fault(monkeypatch, "write", 2, full, times=1000), pytest.raises(Unwritable, match="make room on the disk"):
        replace_all([(str(path), NEW, OLD), (str(other), NEW, OLD)])
    assert (path.read_bytes(), other.read_bytes(), names(path)) == (OLD, OLD, ["a.py", "b.py"])


def test_a_write_that_takes_a_part_at_a_time_is_repeated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:1]))
    replace(str(path), NEW, OLD)
    assert path.read_bytes() == NEW


def test_one_that_changed_keeps_the_others_old(path: Path) -> None:
    other = path.parent / "b.py"
    other.write_bytes(b"theirs")
    with pytest.raises(Unwritable, match=r"b\.py:1:1: was changed"):
        replace_all([(str(path), NEW, OLD), (str(other), NEW, OLD)])
    assert (path.read_bytes(), other.read_bytes(), names(path)) == (OLD, b"theirs", ["a.py", "b.py"])


def test_what_cannot_be_put_back_says_where_its_old_bytes_are(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = path.parent / "b.py"
    other.write_bytes(OLD)
    broken = OSError(errno.EIO, "Input/output error")
    with (
        Fault(monkeypatch, "replace", 2, broken, times=1000),
        pytest.raises(Unwritable, match="its old text is in") as caught,
    ):
        replace_all([(str(path), NEW, OLD), (str(other), NEW, OLD)])
    kept = Path(caught.value.message.rsplit(" ", 1)[1])
    assert kept.read_bytes() == OLD
    assert other.read_bytes() == OLD


def test_replacing_nothing_leaves_all_as_it_is(path: Path) -> None:
    path.write_bytes(OLD)
    replace_all([])
    assert path.read_bytes() == OLD
    assert names(path) == ["a.py"]


# ---------------------------------------------------------------- a process that is killed

KILLED_AT = ("write", "fsync", "chmod", "link", "replace")
SCRIPT = """
import os, signal, sys
from migrator.source.files import replace_all
call = sys.argv[1]
function = getattr(os, call)
def kill(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os, call, kill)
replace_all([(path, b"new", b"old") for path in sys.argv[2:]])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize("call", KILLED_AT)
def test_a_killed_process_leaves_the_old_bytes_and_the_next_one_cleans_up(tmp_path: Path, call: str) -> None:
    paths = [tmp_path / "a.py", tmp_path / "b.py"]
    for path in paths:
        path.write_bytes(b"old")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run([sys.executable, "-c", SCRIPT, call, *map(str, paths)], env=environment, check=False)
    assert run.returncode == -signal.SIGKILL
    assert [path.read_bytes() for path in paths] == [b"old", b"old"]
    assert all(name.startswith(".") for name in os.listdir(tmp_path) if name not in ("a.py", "b.py"))
    replace_all([(str(path), NEW, b"old") for path in paths])
    left = [name for name in os.listdir(tmp_path) if name not in ("a.py", "b.py")]
    assert all(name.endswith(".migrate-old") for name in left)  # a copy of old bytes is never thrown away unseen


def test_what_a_running_process_writes_is_left_alone(path: Path) -> None:
    theirs = path.parent / f".a.py.{os.getppid()}-0a1b2c3d.migrate"
    theirs.write_bytes(b"theirs")
    replace(str(path), NEW, OLD)
    assert theirs.exists()
    assert atomic._is_running(os.getpid())
