"""Starts the processes of a run, streams what they print, and ends them with everything that they have started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import migrator
from migrator.verify import trace
from migrator.verify.recorder.options import Options
from migrator.verify.trace import Trace

GRACE_S = 5.0  # for the others once one process has failed: most likely they wait for it
MAX_PRINTED = 64 << 20  # bytes of one process
MAX_LINE = 2000
_POLL_S = 0.05
_STACKS_S = 1.0
_COMPLAINTS = 4000  # characters of standard error that are kept of a process that ended without a trace
_START = "import sys; del sys.path[0]; from migrator.verify.recorder.run import main; main()"
_LAUNCHER = (
    "RANK",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "GROUP_RANK",
    "ROLE_RANK",
)

Say = Callable[[int, str], None]  # takes a rank and a line that it printed


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a run."""

    options: Options
    cwd: str
    environment: Mapping[str, str]


def base_environment(threads: int, on_cpu: bool) -> dict[str, str]:
    """Give the environment of every run: one order of summation, no bytecode, and no launcher of this process's own."""
    fixed = {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
        "COLUMNS": "80",
        "WANDB_MODE": "offline",
        "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo",
    }
    outside = {name: value for name, value in os.environ.items() if name not in _LAUNCHER}
    package = str(Path(migrator.__file__).parents[1])
    path = os.pathsep.join(filter(None, [outside.get("PYTHONPATH"), package]))
    hidden = {"CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"} if on_cpu else {}
    return {**outside, **fixed, **hidden, "PYTHONPATH": path}


def ranks(member: Member, world: int, traces: Sequence[str]) -> list[Member]:
    """Make one process of several that a launcher would start: rank by rank, with torchrun's environment variables."""
    members = []
    for rank in range(world):
        variables = {
            "RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0, "ROLE_RANK": rank,
            "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1",
            "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_RUN_ID": "verify",
        }  # fmt: skip
        environment = {**member.environment, **{name: str(value) for name, value in variables.items()}}
        options = replace(member.options, rank=rank, world=world, trace=traces[rank])
        members.append(Member(options, member.cwd, environment))
    return members


@contextmanager
def _meeting_place(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Give a launched group a socket on the loopback to meet at; its first process serves it."""
    if len(members) == 1 or "RANK" not in members[0].environment:
        yield list(members)
        return
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = {"MASTER_PORT": str(listening.getsockname()[1])}
        placed = [replace(member, environment={**member.environment, **port}) for member in members]
        first = replace(placed[0], options=replace(placed[0].options, listening=listening.fileno()))
        yield [first, *placed[1:]]


class _Process:
    """One of them, with what it has printed."""

    def __init__(self, member: Member, lifeline: int, kept_open: Sequence[int]) -> None:
        options = replace(member.options, lifeline=lifeline, stacks=member.options.trace + ".stacks")
        self.trace = Path(options.trace)
        self.printed, self.complaints = Path(options.trace + ".out"), Path(options.trace + ".err")
        told = Path(options.trace + ".options")
        told.write_text(options.to_json(), encoding="utf-8")
        with self.printed.open("wb") as out, self.complaints.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(told)],
                cwd=member.cwd,
                env=dict(member.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=[lifeline, *kept_open],
            )
        self._said = {self.printed: 0, self.complaints: 0}
        self._rests = {self.printed: "", self.complaints: ""}

    @property
    def code(self) -> int | None:
        return self._process.poll()

    @property
    def prints_too_much(self) -> bool:
        return max(self._said.values()) > MAX_PRINTED

    def ask_for_stacks(self) -> None:
        if self.code is None:
            self._process.send_signal(signal.SIGUSR1)

    def end(self) -> None:
        """End it and what it has started; a session's processes form one group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def new_lines(self) -> list[str]:
        """Give what it has printed since the last call, in whole lines."""
        lines: list[str] = []
        for path, start in self._said.items():
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(1 << 20)
            self._said[path] += len(data)
            text = self._rests[path] + data.decode(errors="replace")
            *whole, self._rests[path] = text.replace("\r", "\n").split("\n")
            lines += [line[:MAX_LINE] for line in whole if line.strip()]
        return lines

    def read(self, cut: str) -> Trace:
        return read_run(self.trace, cut or f"ended with exit code {self.code}")


def read_run(path: Path, why: str) -> Trace:
    """Read the trace of a process that is gone, with what it printed.

    Args:    why: why it ended, for one that wrote no last line.
    """
    found = trace.read(path)
    printed, complaints, stacks = (path.with_name(path.name + ending) for ending in (".out", ".err", ".stacks"))
    if printed.is_file():
        with printed.open("rb") as file:
            found.lines = file.read(MAX_PRINTED).decode(errors="replace").splitlines()
    if found.end is None:
        told = complaints.read_text(errors="replace")[-_COMPLAINTS:] if complaints.is_file() else ""
        found.error = f"{why}\n{told}"
        found.stacks = stacks.read_text(errors="replace") if stacks.is_file() else ""
    return found


def run(members: Sequence[Member], limit_s: float, say: Say = lambda rank, line: None) -> list[Trace]:
    """Run processes at the same time and give their traces; none of them, nor what they started, is left afterwards.

    Args:    limit_s: they are cut after so many seconds, with the stacks of their threads.
    """
    with ExitStack() as stack:
        held = stack.enter_context(_meeting_place(members))
        lifeline, other_end = os.pipe()
        stack.callback(os.close, other_end)
        stack.callback(os.close, lifeline)
        processes: list[_Process] = []
        stack.callback(_end_all, processes)
        for member in held:
            kept = [member.options.listening] if member.options.listening >= 0 else []
            processes.append(_Process(member, lifeline, kept))
        cut = _watch(processes, time.monotonic() + limit_s, limit_s, say)
        _end_all(processes)
        return [process.read(why) for process, why in zip(processes, cut, strict=True)]


def _end_all(processes: Sequence[_Process]) -> None:
    for process in processes:
        process.end()


def _watch(processes: Sequence[_Process], deadline: float, limit_s: float, say: Say) -> list[str]:
    """Wait for all of them; give for each why it had to be cut, empty where it ended by itself."""
    why = f"was not done after {limit_s:g} s"
    while any(process.code is None for process in processes):
        _tell(processes, say)
        if any(process.prints_too_much for process in processes):
            why, deadline = f"printed more than {MAX_PRINTED >> 20} MB", 0.0
        failed = next((rank for rank, process in enumerate(processes) if process.code), None)
        if failed is not None and time.monotonic() + GRACE_S < deadline:
            why, deadline = f"waited for process {failed}, which had failed", time.monotonic() + GRACE_S
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    running = [process.code is None for process in processes]
    if any(running):
        for process in processes:
            process.ask_for_stacks()
        time.sleep(_STACKS_S)
    _tell(processes, say)
    return [why if was_running else "" for was_running in running]


def _tell(processes: Sequence[_Process], say: Say) -> None:
    for rank, process in enumerate(processes):
        for line in process.new_lines():
            say(rank, line)
