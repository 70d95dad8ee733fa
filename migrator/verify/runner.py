"""Makes the runs of one verification, each in a fresh copy of the project."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from migrator.verify.copies.overlay import where, write_files
from migrator.verify.copies.revision import restore
from migrator.verify.copies.scratch import Scratch
from migrator.verify.devices import Devices, find_devices
from migrator.verify.processes import ON_CPU, ForkServer, Member
from migrator.verify.recorder.options import Options
from migrator.verify.request import Request
from migrator.verify.trace import Trace

Say = Callable[[str], None]


class Runner:
    """Makes the runs of one verification."""

    def __init__(
        self, request: Request, changed: Mapping[str, bytes], scratch: Scratch, fork_server: ForkServer, say: Say
    ) -> None:
        """Make a place for traces.

        Args:    changed: the bytes of migrated files, by their absolute paths. say: takes what the runs print.
        """
        self._request = request
        self._scratch = scratch
        self._cradle = fork_server
        self._say = say
        self._changed = changed
        self.devices: Devices = find_devices(request.processes)
        self.records = Path(scratch.folder, "records")
        self.records.mkdir()
        self.seconds: dict[str, float] = {}

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Of what the runs were made with."""
        return self._cradle.versions

    def original(self, name: str) -> Trace:
        """Run the original on one process."""
        (trace,) = self._run(name, [self._member(name, is_migrated=False, on_cpu=self.devices.alone_on_cpu)])
        return trace

    def migrated(self, name: str) -> Trace:
        """Run the migrated program on one process."""
        (trace,) = self._run(name, [self._member(name, is_migrated=True, on_cpu=self.devices.alone_on_cpu)])
        return trace

    def together(self, name: str) -> list[Trace]:
        """Run the migrated program on several processes, which share a copy."""
        member = self._member(name, is_migrated=True, on_cpu=self.devices.together_on_cpu)
        members = [
            replace(member, options=replace(member.options, trace=f"{member.options.trace}.{rank}"))
            for rank in range(self._request.processes)
        ]
        return self._run(name, members, is_launched=True)

    def references(self, name: str, recorded: str, repeated: tuple[int, ...]) -> list[Trace]:
        """Run the original as the reference for several processes, each process in a separate copy.

        Args:    recorded: the name of the run whose batches it repeats.
        """
        members = []
        for rank in range(self._request.processes):
            member = self._member(f"{name}.{rank}", is_migrated=False, on_cpu=self.devices.together_on_cpu)
            options = replace(
                member.options,
                recorded=str(self.records / f"{recorded}.{rank}"),
                store=str(self.records / f"{name}.store"),
                rank=rank,
                world=self._request.processes,
                repeated=repeated,
            )
            environment = {**member.environment, **self.devices.only(rank)}
            members.append(Member(options, member.cwd, environment))
        return self._run(name, members)

    def joined(self, name: str, recorded: str, repeated: tuple[int, ...]) -> Trace:
        """Run the original on one process that takes the batches of several as one.

        Args:    recorded: the name of the run whose batches these are.
        """
        member = self._member(name, is_migrated=False, on_cpu=self.devices.together_on_cpu)
        world = self._request.processes
        joined = tuple(str(self.records / f"{recorded}.{rank}") for rank in range(world))
        options = replace(member.options, joined=joined, world=world, repeated=repeated)
        (trace,) = self._run(name, [replace(member, options=options)])
        return trace

    def _member(self, name: str, is_migrated: bool, on_cpu: bool) -> Member:
        root = self._scratch.copy(name)
        if is_migrated:
            write_files(root, self._scratch.tree, self._changed)
        elif self._request.against:
            restore(root, self._scratch.tree, self._request.against)
        script = self._request.script if self._request.is_module else self._script_in(root)
        options = Options(
            script=script,
            arguments=self._request.arguments,
            root=root,
            project=self._scratch.tree.root,
            trace=str(self.records / name),
            is_module=self._request.is_module,
            steps=self._request.steps,
            scratch=self._scratch.folder,
            writable=_writable(),
            guarded=True,
        )
        return Member(options, self._scratch.cwd(root), ON_CPU if on_cpu else {})

    def _script_in(self, root: str) -> str:
        """Name the script as the user did, where that leads into the copy; else by its place in the copy."""
        if os.path.isabs(self._request.script):
            return where(root, self._scratch.tree, self._request.script)
        return self._request.script

    def _run(self, name: str, members: Sequence[Member], is_launched: bool = False) -> list[Trace]:
        begun = time.monotonic()

        def say(rank: int, line: str) -> None:
            self._say(f"{name}{f' {rank}' if len(members) > 1 else ''} | {line}")

        traces = self._cradle.run(members, self._request.timeout_s, say, is_launched)
        self.seconds[name] = time.monotonic() - begun
        for copied in {name, *(Path(member.options.trace).name for member in members)}:
            self._scratch.drop(copied)
        return traces


def _writable() -> tuple[str, ...]:
    """List the folders that runs may write beside their copies: what the system and packages keep for themselves."""
    home = os.path.expanduser("~")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    named = [
        os.environ[name] for name in ("TORCH_HOME", "HF_HOME", "TRITON_CACHE_DIR", "MPLCONFIGDIR") if name in os.environ
    ]
    return (tempfile.gettempdir(), caches, os.path.join(home, ".config", "matplotlib"), *named)
