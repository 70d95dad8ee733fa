"""Runs scripts as the tests need them, and keeps every trace: a script that many tests ask about runs once a session.

A run is named by a digest of everything that decides it. Traces lie in a folder that the workers of pytest-xdist share.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.oracle.nursery import Job, Nursery
from tests.oracle.trace import Trace

Launches = Sequence[Sequence[str]]  # the arguments of each launch; all launches of a script share one folder
ONCE: Launches = ((),)
WORLD = 2


class Laboratory:
    """Traces of scripts, made when they are first asked for."""

    def __init__(self, shelf: Path) -> None:
        """Keep traces in a folder."""
        self._shelf = shelf
        self._plain = Nursery("numpy")
        self._with_accelerate = Nursery("numpy", "accelerate")
        self._known: dict[str, list[Any]] = {}

    def alone(self, text: str, launches: Launches = ONCE, accelerate: bool = False) -> list[Trace]:
        """Run a script on one process, and give the trace of each launch.

        Args:    accelerate: with Hugging Face Accelerate imported ahead, and kept on the CPU.
        """
        nursery = self._with_accelerate if accelerate else self._plain
        variables = {"ACCELERATE_USE_CPU": "true"} if accelerate else {}

        def make(folder: Path, script: str) -> list[Trace]:
            traces: list[Trace] = []
            for number, arguments in enumerate(launches):
                job = Job(script, str(folder / "run"), str(folder / f"{number}"), list(arguments), variables)
                traces += nursery.run([job])
            return traces

        return self._keep(("alone", text, launches, accelerate), text, make)

    def together(self, text: str, launches: Launches = ONCE) -> list[list[Trace]]:
        """Run a script on two processes that share a folder, and give the ranks' traces of each launch."""

        def make(folder: Path, script: str) -> list[list[Trace]]:
            return [
                self._plain.run(
                    [
                        Job(script, str(folder / "run"), str(folder / f"{number}.{rank}"), list(arguments))
                        for rank in range(WORLD)
                    ]
                )
                for number, arguments in enumerate(launches)
            ]

        return self._keep(("together", text, launches), text, make)

    def by_hand(
        self, text: str, recorded: Sequence[list[Trace]], launches: Launches = ONCE, schedule_in_batches: bool = False
    ) -> list[list[Trace]]:
        """Run the original on two processes as the handwritten reference, each in a folder of its own.

        Args:    recorded: the ranks' traces of each launch of the migrated script.
        """

        def make(folder: Path, script: str) -> list[list[Trace]]:
            made = []
            for number, (arguments, ranks) in enumerate(zip(launches, recorded, strict=True)):
                jobs = []
                for rank, trace in enumerate(ranks):
                    source = folder / f"{number}.{rank}.recorded"
                    source.write_bytes(pickle.dumps(trace))
                    jobs.append(
                        Job(
                            script,
                            str(folder / f"run{rank}"),
                            str(folder / f"{number}.{rank}"),
                            list(arguments),
                            recorded=str(source),
                            schedule_in_batches=schedule_in_batches,
                        )
                    )
                made.append(self._plain.run(jobs))
            return made

        seen = hashlib.sha256(pickle.dumps(list(recorded))).hexdigest()
        return self._keep(("by hand", text, launches, schedule_in_batches, seen), text, make)

    def _keep(self, key: tuple[Any, ...], text: str, make: Callable[[Path, str], list[Any]]) -> list[Any]:
        """Give the traces of a run from memory, else from the shelf, else make them."""
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
        if name not in self._known:
            kept = self._shelf / name
            if not kept.is_file():
                self._shelf.mkdir(parents=True, exist_ok=True)
                folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._shelf))
                script = folder / "train.py"
                script.write_bytes(text.encode())
                traces = make(folder, str(script))
                (folder / "kept").write_bytes(pickle.dumps(traces))
                os.replace(folder / "kept", kept)  # another worker may have done the same meanwhile
                shutil.rmtree(folder)
            self._known[name] = pickle.loads(kept.read_bytes())
        return self._known[name]

    def close(self) -> None:
        """End the processes that runs are forked from."""
        self._plain.close()
        self._with_accelerate.close()
