"""A team of processes that run the same function at the same time, and are all gone at a limit."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
GRACE_S = 5.0  # for the others, once one process has failed: most likely they wait for it


class TeamError(AssertionError):
    """A function failed in a process of the team, or the team did not come to an end in time."""


class Team:
    """Processes 0 to ``size - 1``, set up as ``torchrun`` would on this machine."""

    def __init__(self, size: int = 2, **variables: str) -> None:
        from torch.distributed import TCPStore

        # The parent keeps the meeting place, as torchrun does: the system chose its port, and nobody else can take it.
        self._store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the team
        self._members = [self._start(rank, size, variables) for rank in range(size)]

    def _start(self, rank: int, size: int, variables: dict[str, str]) -> tuple[Any, Any]:
        read, write = os.pipe()
        place = {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(size),
            "LOCAL_WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(self._store.port),
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_RESTART_COUNT": "0",
            "GLOO_SOCKET_IFNAME": "lo",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }
        process = subprocess.Popen(
            [sys.executable, __file__, str(write)],
            env={**os.environ, **place, **variables},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[write],
            start_new_session=True,  # so that workers of data loaders can be ended with it
            text=True,
            bufsize=1,
        )
        os.close(write)
        return process, os.fdopen(read)

    def run(self, function: Callable[..., Any], limit_s: float = 60.0, **arguments: Any) -> list[Any]:
        """Call a function of a test file in every process, and list what they return, in rank order.

        Raises:  TeamError with the traceback of the process that failed first; the team is ended then.
        """
        answers = self.ask(function, limit_s, **arguments)
        failures = [f"process {rank}: {answer['error']}" for rank, answer in answers.items() if "error" in answer]
        silent = [str(rank) for rank in range(len(self._members)) if rank not in answers]
        if failures or silent:
            self.close()
            told = failures + ([f"no answer from process {', '.join(silent)}"] if silent else [])
            raise TeamError("\n".join(told) + "\n" + self._tail())
        return [answers[rank]["result"] for rank in range(len(self._members))]

    def ask(self, function: Callable[..., Any], limit_s: float = 60.0, **arguments: Any) -> dict[int, dict[str, Any]]:
        """Call a function in every process, and return a ``result`` or an ``error`` of each that answered in time."""
        request = json.dumps([inspect.getfile(function), function.__name__, arguments])
        for process, _ in self._members:
            process.stdin.write(request + "\n")
        return self._collect(time.monotonic() + limit_s)

    def _collect(self, deadline: float) -> dict[int, dict[str, Any]]:
        answers: dict[int, dict[str, Any]] = {}
        with selectors.DefaultSelector() as selector:
            for rank, (_, pipe) in enumerate(self._members):
                selector.register(pipe, selectors.EVENT_READ, rank)
            while len(answers) < len(self._members) and time.monotonic() < deadline:
                for key, _ in selector.select(max(deadline - time.monotonic(), 0)):
                    line = key.fileobj.readline()
                    answers[key.data] = json.loads(line) if line else {"error": "ended without an answer"}
                    selector.unregister(key.fileobj)
                    if "error" in answers[key.data]:
                        deadline = min(deadline, time.monotonic() + GRACE_S)
        return answers

    def _tail(self) -> str:
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 4000))
        return self._log.read().decode(errors="replace")

    @property
    def is_alive(self) -> bool:
        """Whether every process still runs."""
        return all(process.poll() is None for process, _ in self._members)

    def close(self) -> None:
        """End every process, and what it started."""
        for process, pipe in self._members:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            pipe.close()


def _load(path: str, loaded: dict[str, ModuleType] = {}) -> ModuleType:  # noqa: B006 - one cache for the process
    if path not in loaded:
        spec = importlib.util.spec_from_file_location(f"checks_{Path(path).stem}", path)
        assert spec is not None and spec.loader is not None
        loaded[path] = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = loaded[path]  # where pickle looks for its classes
        spec.loader.exec_module(loaded[path])
    return loaded[path]


def _start_afresh() -> None:
    """Forget the Accelerators of the last function, but keep the group of processes."""
    from runtime import AcceleratorState, GradientState, PartialState

    if PartialState._shared_state:
        PartialState()._backend.forget()
    AcceleratorState._reset_state()
    GradientState._reset_state()


def _answer(request: str) -> dict[str, Any]:
    path, name, arguments = json.loads(request)
    try:
        _start_afresh()
        return {"result": getattr(_load(path), name)(**arguments)}
    except BaseException:
        return {"error": traceback.format_exc()}


def _work(answers: int) -> None:
    """Answer requests until the parent is gone, even while a collective waits."""
    requests: queue.Queue[str] = queue.Queue()
    # A worker of a data loader closes its sys.stdin, and would wait for the lock that reading it holds here.
    lines = os.fdopen(os.dup(0))
    sys.stdin = open(os.devnull)  # noqa: SIM115

    def listen() -> None:
        for line in lines:
            requests.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    with os.fdopen(answers, "w", buffering=1) as pipe:
        while True:
            pipe.write(json.dumps(_answer(requests.get())) + "\n")


if __name__ == "__main__":
    _work(int(sys.argv[1]))
