"""Processes: cut in time with their stacks, reachable from this machine alone, and none of them left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.errors import Unverifiable
from migrator.verify import processes
from migrator.verify.processes import ON_CPU, ForkServer, Member
from migrator.verify.recorder.options import Options
from migrator.verify.trace import Backward, Outside, Step

ENDLESS = """\
import subprocess, time
child = subprocess.Popen(['sleep', '600'])
open('children', 'a').write(f'{child.pid}\\n')
def wait_for_ever():
    time.sleep(600)
wait_for_ever()
"""
TRAINING = """\
import torch
w = torch.nn.Linear(2, 1)
o = torch.optim.SGD(w.parameters(), lr=0.1)
for i in range(100):
    o.zero_grad()
    w(torch.ones(1, 2)).sum().backward()
    o.step()
    print(i)
"""


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer() as fork_server:
        yield fork_server


def member(tmp_path: Path, text: str, name: str = "train", **options: object) -> Member:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    told = Options(f"{name}.py", (), str(folder), str(folder), str(tmp_path / f"{name}.trace"), **options)  # type: ignore[arg-type]
    return Member(told, str(folder), ON_CPU)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(started: list[int], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while any(map(is_running, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, started))


def children(tmp_path: Path, expected: int) -> list[int]:
    file, deadline = tmp_path / "run" / "children", time.monotonic() + 120
    while time.monotonic() < deadline:
        if file.is_file() and len(found := file.read_text().split()) == expected:
            return list(map(int, found))
        time.sleep(0.05)
    raise AssertionError("the script has not started its children")


def test_a_hang_is_cut_with_the_stacks_of_all_and_all_that_they_started(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    traces = fork_server.run([member(tmp_path, ENDLESS, "one"), member(tmp_path, ENDLESS, "other")], limit_s=1.5)
    assert [trace.error.strip() for trace in traces] == ["was not done after 1.5 s"] * 2
    assert all("in wait_for_ever" in trace.stacks for trace in traces)
    wait_until_gone(children(tmp_path, 2))


def test_an_error_in_one_process_ends_the_other(
    fork_server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = "import os, time\nif os.environ['RANK'] == '1':\n    raise ValueError('no luck')\ntime.sleep(600)\n"
    members = [member(tmp_path, failing, "one"), member(tmp_path, failing, "other")]
    first, second = fork_server.run(members, 60, is_launched=True)
    assert first.error.startswith("waited for process 1, which had failed")
    assert "ValueError: no luck" in second.error
    assert second.end is not None and second.end.how == "failed"


def test_the_next_run_starts_afresh(fork_server: ForkServer, tmp_path: Path) -> None:
    first = "import torch, os, sys\nsys.modules['left'] = sys\nos.environ['LEFT'] = '1'\ntorch.rand(3)\nprint('one')\n"
    second = "import torch, os, sys\nprint('left' in sys.modules, 'LEFT' in os.environ, torch.initial_seed())\n"
    assert fork_server.run([member(tmp_path, first, "one")], 60)[0].lines == ["one"]
    assert fork_server.run([member(tmp_path, second, "other")], 60)[0].lines == ["False False 0"]


def test_a_run_stops_after_its_steps(fork_server: ForkServer, tmp_path: Path) -> None:
    (trace,) = fork_server.run([member(tmp_path, TRAINING, steps=7)], 60)
    assert (len(trace.of(Step)), len(trace.losses)) == (7, 7)
    assert trace.end is not None and trace.end.how == "stopped"
    assert trace.of(Backward)[0].place == "train.py:6"
    assert trace.of(Step)[0].place == "train.py:7"
    assert trace.lines == [str(i) for i in range(6)]


def test_what_is_printed_is_streamed(fork_server: ForkServer, tmp_path: Path) -> None:
    said: list[tuple[int, str]] = []
    text = "import sys\nfor i in range(3):\n    print(i, flush=True)\nprint('why', file=sys.stderr)\nprint('10%\\r20%\\r30%')\n"
    fork_server.run([member(tmp_path, text)], 60, lambda rank, line: said.append((rank, line)))
    assert sorted(said) == [(0, "0"), (0, "1"), (0, "2"), (0, "30%"), (0, "why")]


def test_who_prints_without_end_is_cut(tmp_path: Path) -> None:
    text = "while True:\n    print('x' * 1000000)\n"
    with ForkServer() as fork_server:
        (trace,) = fork_server.run([member(tmp_path, text)], 60)
    assert trace.error.startswith("printed more than 64 MB")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's list of open sockets")
def test_nothing_listens_outside_of_the_loopback(fork_server: ForkServer, tmp_path: Path) -> None:
    text = """\
import torch.distributed as dist
from pathlib import Path
dist.init_process_group('gloo')
dist.barrier()
for table, loopback in (('tcp', ('0100007F',)), ('tcp6', ('0' * 24 + '01000000', '0000000000000000FFFF00000100007F'))):
    own = {link.readlink().name for link in Path('/proc/self/fd').iterdir() if link.is_symlink() and link.exists() is False}
    for line in Path('/proc/self/net', table).read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == '0A' and f'socket:[{fields[9]}]' in own and fields[1].partition(':')[0] not in loopback:
            print('listens', fields[1])
print('looked')
dist.barrier()
"""
    traces = fork_server.run([member(tmp_path, text, "one"), member(tmp_path, text, "other")], 60, is_launched=True)
    assert [trace.error for trace in traces] == ["", ""]
    assert [trace.lines for trace in traces] == [["looked"], ["looked"]]


def test_a_write_outside_of_the_copy_is_refused(fork_server: ForkServer, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"  # outside of what may be written: the test names no folder for temporary files
    mine.write_text("mine")
    text = f"open('inside.txt', 'w').close()\nopen({str(mine)!r}).close()\nopen({str(mine)!r}, 'w')\n"
    (trace,) = fork_server.run([member(tmp_path, text, guarded=True)], 60)
    assert "PermissionError" in trace.error and "writes nothing outside" in trace.error
    assert trace.of(Outside) == [Outside(str(mine), False), Outside(str(mine), True)]
    assert mine.read_text() == "mine"
    assert trace.written == {"inside.txt"}


def test_without_torch_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "_START", "import sys; sys.exit('no torch here')")
    with pytest.raises(Unverifiable, match="no torch here"), ForkServer() as fork_server:
        fork_server.run([member(tmp_path, "pass")], 60)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_when_we_are_ended(number: signal.Signals, tmp_path: Path) -> None:
    text = f"""\
from tests.verify.test_processes import ENDLESS, ForkServer, Path, member
with ForkServer() as fork_server:
    fork_server.run([member(Path({str(tmp_path)!r}), ENDLESS)], 600)
"""
    root = Path(__file__).parents[2]
    ours = subprocess.Popen([sys.executable, "-c", text], cwd=root, stderr=subprocess.DEVNULL)
    started = children(tmp_path, 1)
    ours.send_signal(number)
    ours.wait(20)
    wait_until_gone(started)
