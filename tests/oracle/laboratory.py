"""Runs programs as the tests need them, and keeps every trace: one that many tests ask about runs once a session.

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
from tests.oracle.program import SCRIPT, Program
from tests.oracle.trace import Trace

Launches = Sequence[Sequence[str]]  # a file and its arguments for each launch; all launches share one folder
ONCE: Launches = ((SCRIPT,),)
WORLD = 2
_PROGRAM = "program"  # where the files lie, beside the folders that they run in


class Laboratory:
    """Traces of programs, made when they are first asked for."""

    def __init__(self, shelf: Path) -> None:
        """Keep traces in a folder."""
        self._shelf = shelf
        self._plain = Nursery("numpy")
        self._with_accelerate = Nursery("numpy", "accelerate")
        self._known: dict[str, list[Any]] = {}

    def alone(self, program: Program, launches: Launches = ONCE, accelerate: bool = False) -> list[Trace]:
        """Run a program on one process, and give the trace of each launch.

        Args:    accelerate: with Hugging Face Accelerate imported ahead, and kept on the CPU.
        """
        nursery = self._with_accelerate if accelerate else self._plain
        variables = {"ACCELERATE_USE_CPU": "true"} if accelerate else {}

        def make(folder: Path) -> list[Trace]:
            traces: list[Trace] = []
            for number, (script, *arguments) in enumerate(launches):
                job = Job(_in(folder, script), str(folder / "run"), str(folder / f"{number}"), arguments, variables)
                traces += nursery.run([job])
            return traces

        return self._keep(("alone", program.files, launches, accelerate), program, make)

    def together(self, program: Program, launches: Launches = ONCE) -> list[list[Trace]]:
        """Run a program on two processes that share a folder, and give the ranks' traces of each launch."""

        def make(folder: Path) -> list[list[Trace]]:
            return [
                self._plain.run(
                    [
                        Job(_in(folder, script), str(folder / "run"), str(folder / f"{number}.{rank}"), arguments)
                        for rank in range(WORLD)
                    ]
                )
                for number, (script, *arguments) in enumerate(launches)
            ]

        return self._keep(("together", program.files, launches), program, make)

    def by_hand(
        self,
        program: Program,
        recorded: Sequence[list[Trace]],
        launches: Launches = ONCE,
        schedule_in_batches: bool = False,
    ) -> list[list[Trace]]:
        """Run the original on two processes as the handwritten reference, each in a folder of its own.

        Args:    recorded: the ranks' traces of each launch of the migrated script.
        """

        def make(folder: Path) -> list[list[Trace]]:
            made = []
            for number, ((script, *arguments), ranks) in enumerate(zip(launches, recorded, strict=True)):
                jobs = []
                for rank, trace in enumerate(ranks):
                    source = folder / f"{number}.{rank}.recorded"
                    source.write_bytes(pickle.dumps(trace))
                    jobs.append(
                        Job(
                            _in(folder, script),
                            str(folder / f"run{rank}"),
                            str(folder / f"{number}.{rank}"),
                            arguments,
                            recorded=str(source),
                            schedule_in_batches=schedule_in_batches,
                        )
                    )
                made.append(self._plain.run(jobs))
            return made

        seen = hashlib.sha256(pickle.dumps(list(recorded))).hexdigest()
        return self._keep(("by hand", program.files, launches, schedule_in_batches, seen), program, make)

    def _keep(self, key: tuple[Any, ...], program: Program, make: Callable[[Path], list[Any]]) -> list[Any]:
        """Give the traces of a run from memory, else from the shelf, else make them."""
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
        if name not in self._known:
            kept = self._shelf / name
            if not kept.is_file():
                self._shelf.mkdir(parents=True, exist_ok=True)
                folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._shelf))
                program.write(folder / _PROGRAM)
                traces = make(folder)
                (folder / "kept").write_bytes(pickle.dumps(traces))
                os.replace(folder / "kept", kept)  # another worker may have done the same meanwhile
                shutil.rmtree(folder)
            self._known[name] = pickle.loads(kept.read_bytes())
        return self._known[name]

    def close(self) -> None:
        """End the processes that runs are forked from."""
        self._plain.close()
        self._with_accelerate.close()


def _in(folder: Path, script: str) -> str:
    return str(folder / _PROGRAM / script)
