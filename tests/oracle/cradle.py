"""Imports torch once, and forks a process for each run: half a second of work need not wait two seconds for an import.

Reads one request a line from standard input, answers with one line, and ends when the input does. A run is a process of
its own, in a session of its own: nothing that a script does outlives it, and whatever it started is ended with it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from typing import Any

from migrator.verify.recorder.options import Options
from migrator.verify.recorder.run import record

GRACE_S = 2.0  # for the others once one process has failed: most likely they wait for it
_POLL_S = 0.005


def _meeting_place(write: int) -> None:
    """Keep the address book of a group of processes, as a launcher does, until this process is ended."""
    from torch.distributed import TCPStore

    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    os.write(write, str(store.port).encode())
    while True:
        signal.pause()


def _launched(job: dict[str, Any], rank: int, size: int, port: int) -> dict[str, str]:
    """Name the environment variables that torchrun sets; a part of the handwritten reference believes to be alone."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_PORT": port}
    fixed = {"MASTER_ADDR": "127.0.0.1", "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0"}
    launched = {**{name: str(value) for name, value in place.items()}, **fixed} if size > 1 else {}
    return {**({} if job["options"]["recorded"] else launched), **job["environment"]}


def _run(job: dict[str, Any], variables: dict[str, str]) -> None:
    """Trace one script in this process, and keep what it prints; recording ends the process."""
    os.environ.update(variables)
    options = Options.from_json(json.dumps(job["options"]))
    os.chdir(options.root)
    for number, ending in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(options.trace + ending, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
    record(options)


def _fork(work: Any, limit_s: float) -> int:
    """Do some work in a child, which is gone after the limit even if this process is gone by then."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        signal.alarm(int(limit_s + GRACE_S) + 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _end_session(child: int) -> None:
    """End what a child has started, itself included if it still runs."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _end(children: list[int]) -> None:
    for child in children:
        os.kill(child, signal.SIGKILL)  # it may not lead a session yet
        os.waitpid(child, 0)
        _end_session(child)


def _wait(children: list[int], deadline: float) -> list[int | None]:
    """Wait for all children, and give their exit codes; None where one had to be ended."""
    codes: dict[int, int] = {}
    while len(codes) < len(children) and time.monotonic() < deadline:
        for child in children:
            if child not in codes:
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    codes[child] = os.waitstatus_to_exitcode(status)
                    _end_session(child)
                    if codes[child]:
                        deadline = min(deadline, time.monotonic() + GRACE_S)
        if select.select([0], [], [], _POLL_S)[0]:  # nothing is asked while we work: the tests are gone
            _end([child for child in children if child not in codes])
            os._exit(0)
    _end([child for child in children if child not in codes])
    return [codes.get(child) for child in children]


def _answer(request: dict[str, Any]) -> list[int | None]:
    jobs, limit_s = request["jobs"], request["limit_s"]
    port, meeting = 0, []
    if len(jobs) > 1:
        read, write = os.pipe()
        meeting = [_fork(lambda: _meeting_place(write), limit_s)]
        port = int(os.read(read, 16))
        os.close(read)
        os.close(write)
    children = []
    for rank, job in enumerate(jobs):
        variables = _launched(job, rank, len(jobs), port)
        children.append(_fork(lambda job=job, variables=variables: _run(job, variables), limit_s))
    try:
        return _wait(children, time.monotonic() + limit_s)
    finally:
        _end(meeting)


def main() -> None:
    """Import what runs need, and answer requests."""
    import torch

    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1)], lr=0.1)  # the first optimizer imports 800 modules more, which takes a second
    for name in sys.argv[1:]:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
    os._exit(0)  # without the second that Python takes to clear thousands of modules


if __name__ == "__main__":
    main()
