"""Entries are whole or not there, whoever else writes, and whatever is wrong with the folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrator.project.cache import disk_cache as module
from migrator.project.cache.disk_cache import DiskCache, find_folder, open_disk_cache

ROOT = Path(__file__).parents[3]


@pytest.fixture
def disk_cache(tmp_path: Path) -> DiskCache:
    return DiskCache(str(tmp_path / "cache"))


def entries(disk_cache: DiskCache) -> list[Path]:
    return sorted(Path(disk_cache.folder).glob("*.json"))


@pytest.mark.parametrize("body", [b"", b"{}", b"two\nlines\n", b"\0" * 1000])
def test_what_was_kept_comes_back(disk_cache: DiskCache, body: bytes) -> None:
    assert disk_cache.get("key") is None
    disk_cache.put("key", body)
    assert disk_cache.get("key") == body
    assert disk_cache.get("other key") is None
    disk_cache.put("key", b"newer")
    assert disk_cache.get("key") == b"newer"
    assert len(entries(disk_cache)) == 1


def test_names_that_are_no_text_are_keys_too(disk_cache: DiskCache) -> None:
    disk_cache.put("a\udcff", b"x")
    assert disk_cache.get("a\udcff") == b"x"


def test_a_torn_or_foreign_entry_is_ignored(disk_cache: DiskCache) -> None:
    disk_cache.put("key", b"body of an entry")
    disk_cache.put("other", b"body")
    (path,) = (path for path in entries(disk_cache) if b"of an entry" in path.read_bytes())
    (other,) = (x for x in entries(disk_cache) if x != path)
    whole = path.read_bytes()
    for data in (*(whole[:length] for length in range(len(whole))), b"{}", whole + b"x", other.read_bytes()):
        path.write_bytes(data)
        assert disk_cache.get("key") is None
    path.write_bytes(whole)
    assert disk_cache.get("key") == b"body of an entry"


def test_what_is_too_large_is_not_kept(disk_cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 1000)
    disk_cache.put("large", b"x" * 1000)
    assert disk_cache.get("large") is None
    disk_cache.put("small", b"x" * 100)
    assert disk_cache.get("small") == b"x" * 100


class TestTrouble:
    """A folder that does not do: everything is as without one."""

    def check(self, folder: Path) -> None:
        disk_cache = DiskCache(str(folder))
        disk_cache.put("key", b"body")
        disk_cache.put("key", b"body")
        assert disk_cache.get("key") is None

    def test_a_file_in_the_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("mine")
        self.check(tmp_path / "cache")
        assert (tmp_path / "cache").read_text() == "mine"

    def test_a_folder_in_the_place_of_an_entry(self, disk_cache: DiskCache) -> None:
        Path(disk_cache._path("key")).mkdir(parents=True)
        disk_cache.put("key", b"body")
        assert disk_cache.get("key") is None
        assert os.listdir(disk_cache.folder) == [Path(disk_cache._path("key")).name]

    @pytest.mark.parametrize("call", ["replace", "makedirs"])
    def test_calls_that_fail(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
        def fail(*arguments: object) -> None:
            raise OSError("no room")

        monkeypatch.setattr(os, call, fail)
        self.check(tmp_path / "cache")
        assert not list((tmp_path / "cache").rglob("*.*-*"))

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_write", lambda path, data: Path("/dev/full").write_bytes(data))
        self.check(tmp_path / "cache")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_may_not_be_written(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        self.check(tmp_path / "cache")
        tmp_path.chmod(0o700)


class TestBounds:
    """What is kept has room and an age; what is not ours stays."""

    def test_the_oldest_go_until_the_rest_has_room(
        self, disk_cache: DiskCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(10):
            disk_cache.put(str(number), b"x" * 1000)
            os.utime(disk_cache._path(str(number)), (time.time() - 1000 + number,) * 2)
        monkeypatch.setattr(module, "_ALL", 3500)
        disk_cache.prune()
        assert [disk_cache.get(str(number)) is not None for number in range(10)] == [False] * 7 + [True] * 3

    def test_the_unused_and_the_unfinished_go_and_what_is_not_ours_stays(self, disk_cache: DiskCache) -> None:
        disk_cache.put("old", b"x")
        disk_cache.put("new", b"x")
        folder = Path(disk_cache.folder)
        long_ago = (time.time() - module._AGE_S - 60,) * 2
        os.utime(disk_cache._path("old"), long_ago)
        for name in ("mine.json", f".{'0' * 32}.12-ab", f".{'0' * 32}.12-cd"):
            (folder / name).write_text("x")
        os.utime(folder / "mine.json", long_ago)
        os.utime(folder / f".{'0' * 32}.12-ab", (time.time() - 7200,) * 2)
        disk_cache.prune()
        left = {path.name for path in folder.iterdir()}
        assert left >= {"mine.json", f".{'0' * 32}.12-cd", Path(disk_cache._path("new")).name, "CACHEDIR.TAG"}
        assert not left & {f".{'0' * 32}.12-ab", Path(disk_cache._path("old")).name}

    def test_what_is_used_grows_young(self, disk_cache: DiskCache) -> None:
        disk_cache.put("key", b"x")
        os.utime(disk_cache._path("key"), (time.time() - 3 * module._DAY_S,) * 2)
        disk_cache.get("key")
        assert time.time() - os.stat(disk_cache._path("key")).st_mtime < module._DAY_S

    def test_a_process_prunes_when_it_has_written_much(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pruned: list[int] = []
        monkeypatch.setattr(DiskCache, "prune", lambda self: pruned.append(1))
        monkeypatch.setattr(module, "_SHARE", 5000)
        for _ in range(2):  # only the first process of an hour looks when it begins
            disk_cache = DiskCache(str(tmp_path))
            for number in range(10):
                disk_cache.put(str(number), b"x" * 1000)
        assert len(pruned) == 2 + 2  # at its beginning and after five entries; after five and after ten


WRITER = """
import sys
from migrator.project.cache.disk_cache import DiskCache
disk_cache, name = DiskCache(sys.argv[1]), sys.argv[2].encode()
seen = set()
for number in range(300):
    disk_cache.put("key", name * (1 + number % 50) * 100)
    found = disk_cache.get("key")
    assert found and len(set(found)) == 1, found
    seen.update(found)
print(len(seen))
"""


def test_processes_that_write_the_same_entry_see_whole_ones(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], env=environment, stdout=subprocess.PIPE)
        for name in "abc"
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    assert [path.suffix for path in (tmp_path / "programs").iterdir() if "-" in path.name] == []


@pytest.mark.skipif(os.name == "nt", reason="paths are written otherwise there")
@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"MIGRATE_CACHE_DIR": "/own", "XDG_CACHE_HOME": "/xdg", "HOME": "/home/me"}, "linux", "/own"),
        ({"XDG_CACHE_HOME": "/xdg", "HOME": "/home/me"}, "linux", "/xdg/torch-migrator"),
        ({"XDG_CACHE_HOME": "xdg", "HOME": "/home/me"}, "linux", "/home/me/.cache/torch-migrator"),
        ({"MIGRATE_CACHE_DIR": "", "HOME": "/home/me"}, "linux", "/home/me/.cache/torch-migrator"),
        ({"HOME": "/home/me"}, "darwin", "/home/me/Library/Caches/torch-migrator"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/torch-migrator"),
        ({}, "win32", None),
    ],
)
def test_the_folder(
    environment: dict[str, str], platform: str, folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", environment.get("HOME", "/home/me"))
    assert find_folder(environment, platform) == folder


def test_a_folder_by_a_relative_name_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    disk_cache = open_disk_cache({"MIGRATE_CACHE_DIR": "here"})
    assert disk_cache is not None
    assert disk_cache.folder == str(tmp_path / "here" / "programs")
