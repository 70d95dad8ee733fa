"""Imports torch once, and forks a process for each that a run needs: a second of work need not wait for seconds of import.

Reads one request a line from standard input, answers with one line, and ends when the input does. Each process
leads a separate session: the processes that a script started are ended with it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.verify.recorder.options import Options

GRACE_S = 5.0  # for the others once one process has failed: most likely they wait for it
MAX_PRINTED = 64 << 20  # bytes of one process
_POLL_S = 0.005
_STACKS_S = 0.5  # for the stacks of all threads to be written


@dataclass
class _Child:
    """A process that was forked."""

    process: int
    options: Options
    code: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended; what it has started is ended with it."""
        if self.code is None:
            done, status = os.waitpid(self.process, os.WNOHANG)
            if done:
                self.code = os.waitstatus_to_exitcode(status)
                _end_session(self.process)
        return self.code is None

    @property
    def prints_too_much(self) -> bool:
        """Whether a disk would fill up."""
        return any(os.path.getsize(self.options.trace + ending) > MAX_PRINTED for ending in (".out", ".err"))

    def end(self) -> None:
        """End it and what it has started."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)  # it may not lead a session yet
            _, status = os.waitpid(self.process, 0)
            self.code = os.waitstatus_to_exitcode(status)
        _end_session(self.process)


def _end_session(process: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


def _fork(job: dict[str, Any], listening: socket.socket | None) -> _Child:
    """Start one process. It ends when this one does."""
    options = Options.from_json(json.dumps(job["options"]))
    for ending in (".out", ".err"):
        open(options.trace + ending, "w").close()  # there before anybody looks
    process = os.fork()
    if process:
        return _Child(process, options)
    code = 1
    try:
        os.setsid()
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, ending in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(options.trace + ending, os.O_WRONLY | os.O_APPEND), number)
        os.environ.update(job["environment"])
        os.chdir(job["cwd"])
        from migrator.verify.recorder.run import record

        record(options, listening)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _end_with(parent: int) -> None:
    """End this process when its parent has gone; the fork_server ends it otherwise."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _wait(children: Sequence[_Child], limit_s: float) -> list[str]:
    """Wait for all; give for each why it had to be cut, empty if it ended normally."""
    deadline, why = time.monotonic() + limit_s, f"was not done after {limit_s:g} s"
    while [child for child in children if child.is_running]:  # all are asked: each is waited for
        failed = next((rank for rank, child in enumerate(children) if child.code), None)
        if failed is not None and time.monotonic() + GRACE_S < deadline:
            deadline, why = time.monotonic() + GRACE_S, f"waited for process {failed}, which had failed"
        if any(child.prints_too_much for child in children):
            deadline, why = 0.0, f"printed more than {MAX_PRINTED >> 20} MB"
        if time.monotonic() > deadline:
            return _cut(children, why)
        if select.select([0], [], [], _POLL_S)[0]:  # no request comes during a run: the caller has ended
            _end_all(children)
            os._exit(0)
    return [""] * len(children)


def _end_all(children: Sequence[_Child]) -> None:
    for child in children:
        child.end()


def _cut(children: Sequence[_Child], why: str) -> list[str]:
    running = [child.is_running for child in children]
    for child, is_running in zip(children, running, strict=True):
        if is_running:
            os.kill(child.process, signal.SIGUSR1)
    time.sleep(_STACKS_S)
    return [why if is_running else "" for is_running in running]


def _answer(request: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = request["jobs"]
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(_meeting_place(jobs)) if request["is_launched"] else None
        children: list[_Child] = []
        stack.callback(_end_all, children)
        for rank, job in enumerate(jobs):
            children.append(_fork(job, listening if rank == 0 else None))
        cut = _wait(children, request["limit_s"])
    return [{"cut": why, "code": child.code} for why, child in zip(cut, children, strict=True)]


def _meeting_place(jobs: Sequence[dict[str, Any]]) -> socket.socket:
    """Open a socket on the loopback for a group to meet at; its first process serves it."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    for job in jobs:
        job["environment"]["MASTER_PORT"] = str(listening.getsockname()[1])
    return listening


def main() -> None:
    """Import what runs need, and answer requests; further packages to import ahead are the arguments."""
    import torch

    torch.optim.SGD([torch.zeros(1)], lr=0.1)  # the first optimizer imports 800 modules more, which takes a second
    for name in ("numpy", *sys.argv[1:]):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    versions = {"Python": platform.python_version(), "torch": torch.__version__}
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps({"ended": _answer(json.loads(line)), "versions": versions}) + "\n")
    os._exit(0)  # without the second that Python takes to clear thousands of modules
