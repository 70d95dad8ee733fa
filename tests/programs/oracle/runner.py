"""Runs programs as the tests need them, and keeps every trace: one that many tests ask about runs once a session.

A run is named by a digest of everything that decides it. Traces lie in a folder that the workers of pytest-xdist share.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from migrator.verify.judge.together import schedules_in_batches
from migrator.verify.processes import ON_CPU, ForkServer, Member
from migrator.verify.recorder.options import Options
from migrator.verify.trace import Trace
from tests.programs.oracle.program import SCRIPT, Program

Launches = Sequence[Sequence[str]]  # a file and its arguments for each launch; all launches share one folder
ONCE: Launches = ((SCRIPT,),)
WORLD = 2
LIMIT_S = 60.0


class Runner:
    """Traces of programs, made when they are first asked for."""

    def __init__(self, folder: Path, limit_s: float = LIMIT_S) -> None:
        """Keep traces in a folder; a run is cut after a while."""
        self._folder = folder
        self._limit_s = limit_s
        self._servers: dict[bool, ForkServer] = {}
        self._known: dict[str, list[Any]] = {}

    def alone(self, program: Program, launches: Launches = ONCE, accelerate: bool = False) -> list[Trace]:
        """Run a program on one process, and give the trace of each launch.

        Args:    accelerate: with Hugging Face Accelerate imported ahead, and kept on the CPU.
        """

        def make(folder: Path) -> list[list[Trace]]:
            program.write(folder / "run")
            return [self._run([options], accelerate=accelerate) for options in _options(folder, launches)]

        return [trace for (trace,) in self._keep(("alone", program.files, launches, accelerate), make)]

    def together(self, program: Program, launches: Launches = ONCE) -> list[list[Trace]]:
        """Run a program on two processes that share a folder, and give the ranks' traces of each launch."""

        def make(folder: Path) -> list[list[Trace]]:
            program.write(folder / "run")
            return [
                self._run(
                    [replace(options, trace=f"{options.trace}.{rank}") for rank in range(WORLD)], is_launched=True
                )
                for options in _options(folder, launches)
            ]

        return self._keep(("together", program.files, launches), make)

    def without_optimizer(
        self, program: Program, original: Sequence[Trace], recorded: Sequence[list[Trace]], launches: Launches = ONCE
    ) -> list[list[Trace]]:
        """Run the original on two processes as the handwritten reference, each in a folder of its own.

        Args:    original: the traces of each launch on one process. recorded: the ranks' of the migrated program.
        """

        def make(folder: Path) -> list[list[Trace]]:
            made = []
            for rank in range(WORLD):
                program.write(folder / f"run{rank}")
            for number, (options, alone, ranks) in enumerate(
                zip(_options(folder, launches), original, recorded, strict=True)
            ):
                parts = []
                for rank, trace in enumerate(ranks):
                    source = folder / f"{number}.{rank}.recorded"
                    source.write_text(trace.text, encoding="utf-8")
                    part = replace(
                        options,
                        root=str(folder / f"run{rank}"),
                        trace=f"{options.trace}.{rank}",
                        recorded=str(source),
                        store=str(folder / f"{number}.store"),
                        rank=rank,
                        world=WORLD,
                        repeated=schedules_in_batches(alone),
                    )
                    parts.append(part)
                made.append(self._run(parts))
            return made

        seen = [hashlib.sha256(trace.text.encode()).hexdigest() for ranks in recorded for trace in ranks]
        return self._keep(("by hand", program.files, launches, seen), make)

    def joined(self, program: Program, original: Trace, ranks: Sequence[Trace]) -> Trace:
        """Run the original on one process that takes the batches of two as one."""

        def make(folder: Path) -> list[Trace]:
            program.write(folder / "run")
            (options,) = _options(folder, ONCE)
            sources = tuple(str(folder / f"{rank}.recorded") for rank in range(len(ranks)))
            for source, trace in zip(sources, ranks, strict=True):
                Path(source).write_text(trace.text, encoding="utf-8")
            repeated = schedules_in_batches(original)
            return self._run([replace(options, joined=sources, world=len(ranks), repeated=repeated)])

        seen = [hashlib.sha256(trace.text.encode()).hexdigest() for trace in ranks]
        trace: Trace = self._keep(("joined", program.files, seen), make)[0]
        return trace

    def _run(self, members: Sequence[Options], is_launched: bool = False, accelerate: bool = False) -> list[Trace]:
        if accelerate not in self._servers:
            self._servers[accelerate] = ForkServer(preloaded=["accelerate"] if accelerate else [])
        jobs = [Member(options, options.root, ON_CPU) for options in members]
        return self._servers[accelerate].run(jobs, self._limit_s, is_launched=is_launched)

    def _keep(self, key: tuple[Any, ...], make: Callable[[Path], list[Any]]) -> list[Any]:
        """Give the traces of a run from memory, else from the sources, else make them."""
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
        if name not in self._known:
            kept = self._folder / name
            if not kept.is_file():
                self._folder.mkdir(parents=True, exist_ok=True)
                folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))
                traces = make(folder)
                (folder / "kept").write_bytes(pickle.dumps(traces))
                os.replace(folder / "kept", kept)  # another worker may have done the same meanwhile
                shutil.rmtree(folder)
            self._known[name] = pickle.loads(kept.read_bytes())
        return self._known[name]

    def close(self) -> None:
        """End the processes that runs are forked from."""
        for fork_server in self._servers.values():
            fork_server.close()


def _options(folder: Path, launches: Launches) -> Iterator[Options]:
    """Give what each launch of a program is told, which lies in the folder that it runs in."""
    for number, (script, *arguments) in enumerate(launches):
        yield Options(script, tuple(arguments), str(folder / "run"), str(folder / "run"), str(folder / f"{number}"))
