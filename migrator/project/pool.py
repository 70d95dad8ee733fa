"""Work spread over the cores, in forks of this process: they start with all that is imported and read by then.

Where forking is not safe, or would not repay, all is done here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

_T = TypeVar("_T")
_R = TypeVar("_R")
REPAYS = 10_000  # bytes of source: a tenth of a second of work, and a fork costs a third of that
_CHUNKS = 256  # so many pieces at most are handed out one by one
_LOOK_S = 0.5  # how often a fork looks whether this process is still there


def cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(jobs: Sequence[_T], work: Callable[[_T], _R], processes: int) -> list[_R]:
    """Do ``work`` on every job; give the results in the order of the jobs.

    Args:    work: what it leaves in memory may be left in another process; its results are pickled there.
             processes: at most that many.
    Raises:  what ``work`` raised; RuntimeError where a process was ended from outside.
    """
    processes = min(processes, len(jobs))
    if processes < 2 or not _can_fork():
        return [work(job) for job in jobs]
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    others = set(active_children())
    share = (os.getpid(), lambda index: work(jobs[index]))  # a fork inherits it: nothing of it is pickled
    executor = ProcessPoolExecutor(processes, get_context("fork"), _begin, share)
    try:
        found = executor.map(_do, range(len(jobs)), chunksize=1 + len(jobs) // _CHUNKS)
        results = cast("list[_R]", list(found))
    except BaseException as error:
        for process in set(active_children()) - others:  # nobody waits for what they are still at
            process.kill()
        if isinstance(error, BrokenProcessPool):
            raise RuntimeError(
                "a worker process ended unexpectedly; if memory is short, give fewer files at a time"
            ) from error
        raise
    finally:
        executor.shutdown(cancel_futures=True)
    return results


def _can_fork() -> bool:
    """Whether forking is safe: beside other threads it is not, nor on macOS, whose frameworks start some."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return False
    import threading

    return threading.active_count() == 1


# ---------------------------------------------------------------- in a fork

_work: Callable[[int], object]


def _begin(home: int, work: Callable[[int], object]) -> None:
    """Be a fork."""
    import signal
    from threading import Thread

    global _work  # noqa: PLW0603  # an executor's initializer has no other way to hand something on
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all of us, and one is enough to report it
    Thread(target=_end_after, args=(home,), daemon=True).start()


def _end_after(home: int) -> None:
    """End this fork once the process that made it is gone: killed, it cannot end its forks itself."""
    import time

    while os.getppid() == home:
        time.sleep(_LOOK_S)
    os._exit(1)


def _do(index: int) -> object:
    return _work(index)
