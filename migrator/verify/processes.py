"""Runs processes through a fork server, streams their output, and reads their traces."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType

import migrator
from migrator.errors import Unverifiable
from migrator.verify import trace
from migrator.verify.recorder.options import Options
from migrator.verify.trace import Trace

_MAX_LINE = 2000
_POLL_S = 0.05
_COMPLAINTS = 4000  # characters of standard error that are kept of a process that ended without a trace
_START = "import sys; del sys.path[0]; from migrator.verify.recorder.fork_server import main; main()"
_LAUNCHER = (
    *("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "ROLE_RANK"),
    *("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_USE_AGENT_STORE"),
)
ON_CPU = {"CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"}

Say = Callable[[int, str], None]  # takes a rank and a line that it printed


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a run."""

    options: Options
    cwd: str
    environment: Mapping[str, str] = field(default_factory=dict)


def launched(members: Sequence[Member]) -> list[Member]:
    """Give processes the environment variables that torchrun would, rank by rank."""
    world = len(members)
    placed = []
    for rank, member in enumerate(members):
        variables = {
            "RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0, "ROLE_RANK": rank,
            "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1",
            "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_RUN_ID": "verify",
        }  # fmt: skip
        environment = {**member.environment, **{name: str(value) for name, value in variables.items()}}
        placed.append(replace(member, environment=environment))
    return placed


def _environment(threads: int) -> dict[str, str]:
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
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
    }
    outside = {name: value for name, value in os.environ.items() if name not in _LAUNCHER}
    package = str(Path(migrator.__file__).parents[1])
    path = os.pathsep.join(filter(None, [outside.get("PYTHONPATH"), package]))
    return {**outside, **fixed, "PYTHONPATH": path}


class ForkServer:
    """A process that has torch imported, and forks others; while it is entered."""

    def __init__(self, threads: int = 1, preloaded: Sequence[str] = ()) -> None:
        """Start it.

        Args:    threads: of each process. preloaded: packages to import ahead, beside torch.
        """
        self.versions: tuple[tuple[str, str], ...] = ()  # of Python and torch, once there has been a run
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the fork_server
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *preloaded],
            env=_environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            bufsize=1,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let it end, and with it whatever still runs."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def run(
        self,
        members: Sequence[Member],
        limit_s: float,
        say: Say = lambda rank, line: None,
        is_launched: bool = False,
    ) -> list[Trace]:
        """Run processes at the same time and give their traces; none of them, nor what they started, is left afterwards.

        Args:    limit_s: they are cut after so many seconds, with the stacks of their threads. is_launched: they are to
                     meet as a launcher's would.
        Raises:  Unverifiable where no process can be started at all, for want of torch say.
        """
        members = launched(members) if is_launched else members
        request = {"jobs": [asdict(member) for member in members], "limit_s": limit_s, "is_launched": is_launched}
        assert self._process.stdin is not None and self._process.stdout is not None
        paths = [Path(member.options.trace) for member in members]
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
        except BrokenPipeError:
            self._fail()
        tails = [(rank, _Tail(path.with_name(path.name + end))) for rank, path in enumerate(paths) for end in _STREAMS]
        answer = ""
        while not answer:
            if select.select([self._process.stdout], [], [], _POLL_S)[0]:
                answer = self._process.stdout.readline() or self._fail()
            for rank, tail in tails:
                for line in tail.new_lines():
                    say(rank, line)
        told = json.loads(answer)
        self.versions = tuple(told["versions"].items())
        return [
            read_run(path, one["cut"] or f"ended with exit code {one['code']}")
            for path, one in zip(paths, told["ended"], strict=True)
        ]

    def _fail(self) -> str:
        self._process.wait()
        self._log.seek(0)
        told = self._log.read().decode(errors="replace").strip()[-_COMPLAINTS:]
        raise Unverifiable(f"no script can be run with {sys.executable}:\n{told or 'it was killed'}")


_STREAMS = (".out", ".err")


class _Tail:
    """Whole lines of a file that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._rest = ""

    def new_lines(self) -> list[str]:
        """Give the lines that were written since the last call; a bar that is drawn over itself is shown once a call."""
        if not self._path.is_file():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        *whole, self._rest = (self._rest + data.decode(errors="replace")).split("\n")
        return [line.rpartition("\r")[2][:_MAX_LINE] for line in whole if line.strip()]


def read_run(path: Path, why: str) -> Trace:
    """Read the trace of a process that is gone, with what it printed.

    Args:    why: why it ended, for one that wrote no last line.
    """
    found = trace.read(path)
    printed, complaints, stacks = (path.with_name(path.name + ending) for ending in (*_STREAMS, ".stacks"))
    found.lines = printed.read_text(errors="replace").splitlines() if printed.is_file() else []
    if found.end is None:
        told = complaints.read_text(errors="replace")[-_COMPLAINTS:] if complaints.is_file() else ""
        found.error = f"{why}\n{told}"
        found.stacks = stacks.read_text(errors="replace") if stacks.is_file() else ""
    return found
