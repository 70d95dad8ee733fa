"""The benchmark of the runtime prints a figure for every case."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_prints_calls_of_every_case() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "runtime.py"), "--rounds", "1", "--steps", "20"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    calls = {
        words[0]: float(words[2]) for words in map(str.split, done.stdout.splitlines()) if words[1:2] == ["runtime"]
    }
    assert calls.keys() == {"loop", "step", "accum", "clip"}
    assert max(calls.values()) <= 50
