"""Work that is spread over processes gives what it gives in one.

Each test runs in an interpreter of its own: a test's process has threads, beside which the pool does not fork.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORKS = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="nothing is forked here")


def alone(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter, with all of the pool at hand; give what it prints."""
    head = "import os, sys, time\nfrom migrator.project import pool\nfrom migrator.errors import Distrusted\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", head + code, *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("jobs", [0, 1, 2, 50, 10_000])
@pytest.mark.parametrize("processes", [0, 1, 3])
def test_results_come_in_the_order_of_the_jobs(jobs: int, processes: int) -> None:
    code = "print(pool.spread(range(int(sys.argv[1])), lambda job: job * job, int(sys.argv[2])))"
    assert alone(code, str(jobs), str(processes)) == f"{[job * job for job in range(jobs)]}\n"


@FORKS
def test_several_processes_share_the_jobs_and_are_gone_at_the_end() -> None:
    code = (
        "found = pool.spread(range(30), lambda job: time.sleep(0.02) or os.getpid(), 3)\n"
        "print(len(set(found)), os.getpid() in found)\n"
        "try: os.waitpid(-1, 0)\n"
        "except ChildProcessError: print('none left')\n"
    )
    assert alone(code) == "3 False\nnone left\n"


@FORKS
def test_a_problem_comes_back_as_it_was_raised() -> None:
    code = (
        "home = os.getpid()\n"
        "def work(job):\n"
        "    time.sleep(0.02)\n"
        "    if os.getpid() != home: raise Distrusted('train.py', 'odd', 3, 4)\n"
        "try: pool.spread(range(30), work, 2)\n"
        "except Distrusted as problem: print(problem, problem.path, problem.line, problem.column)\n"
    )
    assert alone(code) == "train.py:3:4: odd train.py 3 4\n"


@FORKS
@pytest.mark.parametrize(("failure", "told"), [("1 / 0", "in work"), ("os._exit(1)", "ended unexpectedly")])
def test_a_mistake_in_another_process_is_told_here(failure: str, told: str) -> None:
    code = (
        "home = os.getpid()\n"
        "def work(job):\n"
        "    time.sleep(0.02)\n"
        f"    if os.getpid() != home: {failure}\n"
        "from traceback import format_exc\n"
        "try: pool.spread(range(30), work, 2)\n"
        "except (RuntimeError, ZeroDivisionError): print(sys.argv[1] in format_exc())\n"
    )
    assert alone(code, told) == "True\n"


@FORKS
def test_a_process_that_is_killed_leaves_none_that_goes_on(tmp_path: Path) -> None:
    code = (
        "import signal\n"
        "folder, home = sys.argv[1], os.getpid()\n"
        "def work(job):\n"
        "    open(os.path.join(folder, str(job)), 'x').close()\n"
        "    if job == 0: os.kill(home, signal.SIGKILL)\n"
        "    while os.getppid() == home: time.sleep(0.01)\n"
        "    time.sleep(0.2)\n"
        "pid = os.fork()\n"
        "if pid:\n"
        "    os.waitpid(pid, 0)\n"
        "    sys.stdin.read()\n"
        "else:\n"
        "    home = os.getpid()\n"
        "    pool.spread(range(1000), work, 3)\n"
    )
    head = "import os, sys, time\nfrom migrator.project import pool\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", head + code, str(tmp_path)]
    # whoever is left holds its standard output open
    done = subprocess.run(command, env=environment, input=b"", stdout=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 0
    assert 1 <= len(list(tmp_path.iterdir())) <= 20  # forks notice within half a second


@FORKS
def test_an_interruption_here_ends_the_others() -> None:
    code = (
        "import signal\n"
        "home = os.getpid()\n"
        "def work(job):\n"
        "    if job == 0: os.kill(home, signal.SIGINT)\n"
        "    time.sleep(60)\n"
        "try: pool.spread(range(30), work, 2)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "try: os.waitpid(-1, 0)\n"
        "except ChildProcessError: print('none left')\n"
    )
    assert alone(code) == "interrupted\nnone left\n"


def test_beside_other_threads_all_is_done_here() -> None:
    code = (
        "import threading\n"
        "end = threading.Event()\n"
        "threading.Thread(target=end.wait).start()\n"
        "print(set(pool.spread(range(9), lambda job: os.getpid(), 3)) == {os.getpid()})\n"
        "end.set()\n"
    )
    assert alone(code) == "True\n"


@FORKS
def test_a_repository_is_reported_as_by_one_process(tmp_path: Path) -> None:
    for path in sorted((ROOT / "fixtures").glob("*/before.py")):
        (tmp_path / f"{path.parent.name}.py").write_bytes(path.read_bytes())
    (tmp_path / "broken.py").write_text("def backward(:\n")
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text("import broken\n" + (tmp_path / "01_base_loop.py").read_text())
    code = (
        "from migrator.project import pipeline\n"
        "from migrator.config import Settings\n"
        "pool.REPAYS = 1\n"
        "cores, forks = int(sys.argv[1]), []\n"
        "pool.cores = lambda: cores\n"
        "fork = os.fork\n"
        "os.fork = lambda: forks.append(1) or fork()\n"
        "for report in pipeline.run(sys.argv[2:], Settings()): print(report)\n"
        "assert len(forks) == (cores if cores > 1 else 0)\n"
    )
    paths = [str(path) for path in sorted(tmp_path.glob("*.py"))]
    one, three = alone(code, "1", *paths), alone(code, "3", *paths)
    assert one == three
    assert one.count("Unreadable(") == 1
    assert one.count("accelerator.backward(loss)") > 10
