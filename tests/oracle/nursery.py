"""Asks a cradle for runs of scripts, alone or as a group of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from migrator.verify.processes import read_run
from migrator.verify.recorder.options import Options
from migrator.verify.trace import Trace

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0

# One thread and one order of summation, so that two runs can be equal to the last bit.
_FIXED = {
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GLOO_SOCKET_IFNAME": "lo",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": str(ROOT),
}
_LAUNCHER = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True, slots=True)
class Job:
    """One process to run."""

    options: Options
    environment: dict[str, str] = field(default_factory=dict)


class Nursery:
    """A cradle, started when it is first needed."""

    def __init__(self, *preloaded: str) -> None:
        """Take note of the packages to import ahead, beside torch."""
        self._preloaded = preloaded
        self._cradle: subprocess.Popen[str] | None = None

    def _start(self) -> subprocess.Popen[str]:
        outside = {name: value for name, value in os.environ.items() if name not in _LAUNCHER}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the cradle
        return subprocess.Popen(
            [sys.executable, "-m", "tests.oracle.cradle", *self._preloaded],
            cwd=ROOT,
            env={**outside, **_FIXED},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            bufsize=1,
        )

    def run(self, jobs: list[Job], limit_s: float = LIMIT_S) -> list[Trace]:
        """Run processes at the same time, more than one as ranks of a group, and list their traces.

        A process that is not done in time is ended; its trace then says so.
        """
        if self._cradle is None or self._cradle.poll() is not None:
            self._cradle = self._start()
        assert self._cradle.stdin is not None and self._cradle.stdout is not None
        self._cradle.stdin.write(json.dumps({"jobs": [asdict(job) for job in jobs], "limit_s": limit_s}) + "\n")
        answer = self._cradle.stdout.readline()
        if not answer:
            self._log.seek(0)
            raise RuntimeError(f"the cradle has ended:\n{self._log.read().decode(errors='replace')[-4000:]}")
        return [_read(job, code) for job, code in zip(jobs, json.loads(answer), strict=True)]

    def close(self) -> None:
        """Let the cradle end, and with it whatever still runs."""
        if self._cradle is not None:
            assert self._cradle.stdin is not None and self._cradle.stdout is not None
            self._cradle.stdin.close()
            self._cradle.wait()
            self._cradle.stdout.close()
            self._log.close()


def _read(job: Job, code: int | None) -> Trace:
    return read_run(Path(job.options.trace), "was not done in time" if code is None else f"ended with code {code}")
