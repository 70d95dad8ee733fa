"""Work on several cores, in forked processes.

    queue  a pipe with the numbers of all jobs: this process and its forks read the next one when they are free
    pipes  one from each fork, for its results

A fork starts within milliseconds, with everything imported and read; a new interpreter would first import libcst again.
If forking is not safe, or would not save time, all work is done in this process.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from migrator.errors import MigrateError

_T = TypeVar("_T")
_R = TypeVar("_R")
REPAYS = 10_000  # bytes of source: a tenth of a second of work, and a fork costs a third of that
_TOKEN = 4  # bytes of a number in the queue
_TOKENS = 4096  # what any pipe holds: all are written before the first is read


def cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(jobs: Sequence[_T], work: Callable[[_T], _R], processes: int) -> list[_R]:
    """Do ``work`` on every job; give the results in the order of the jobs.

    Args:    work: what it leaves in memory may be left in another process; its results are pickled there.
             processes: at most that many, this one included.
    Raises:  MigrateError as ``work`` raised it; RuntimeError that tells of anything else that a fork died of.
    """
    processes = min(processes, len(jobs))
    if processes < 2 or not _can_fork():
        return [work(job) for job in jobs]
    home = os.getpid()
    queue, writing = os.pipe()
    step = 1 + len(jobs) // _TOKENS
    os.write(writing, b"".join(first.to_bytes(_TOKEN, "big") for first in range(0, len(jobs), step)))
    os.close(writing)

    def share() -> list[tuple[int, _R]]:
        return [
            (index, work(jobs[index]))
            for first in _drawn(queue, home)
            for index in range(first, first + step)[: len(jobs) - first]
        ]

    forks: list[_Fork] = []
    try:
        forks.extend(_Fork(share) for _ in range(processes - 1))
        found = dict(share())
        for fork in forks:
            found.update(fork.results())
    finally:
        os.close(queue)
        for fork in forks:
            fork.end()
    return [found[index] for index in range(len(jobs))]


def _drawn(queue: int, home: int) -> Iterator[int]:
    """Read numbers until the queue is empty; a fork also stops when ``home`` has ended, which may have been killed."""
    while home in (os.getpid(), os.getppid()) and (token := os.read(queue, _TOKEN)):
        # so few bytes come in one piece, and go to one reader
        yield int.from_bytes(token, "big")


def _can_fork() -> bool:
    """Whether forking is safe: beside other threads it is not, nor on macOS, whose frameworks start some."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return False
    import threading

    return threading.active_count() == 1


class _Fork:
    """A copy of this process that works, sends its results and ends."""

    def __init__(self, share: Callable[[], object]) -> None:
        self._pipe, writing = os.pipe()
        self._process = os.fork()
        if not self._process:
            _serve(share, writing)
        os.close(writing)

    def results(self) -> Any:
        """Wait for the results.

        Raises:  what the work raised.
        """
        with os.fdopen(self._pipe, "rb", closefd=False) as pipe:
            data = pipe.read()
        if not data:
            raise RuntimeError("a worker process ended unexpectedly; if memory is short, give fewer files at a time")
        answer = pickle.loads(data)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """End the process, whatever it is at."""
        os.close(self._pipe)
        os.kill(self._process, signal.SIGKILL)  # it is our child until we have waited for it, even if it has ended
        os.waitpid(self._process, 0)


def _serve(share: Callable[[], object], pipe: int) -> NoReturn:
    """Be the fork."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all of us, and one is enough to speak of it
    try:
        answer: object = share()
    except MigrateError as error:
        answer = error
    except BaseException:
        from traceback import format_exc

        answer = RuntimeError(format_exc())
    try:
        with os.fdopen(pipe, "wb") as stream:
            pickle.dump(answer, stream, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)  # nothing that the other process has prepared for its own end is ours
