"""The file of events: each is written when it happens, so that a run that hangs or is killed leaves what it did."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import NoReturn

from migrator.verify.recorder import streams
from migrator.verify.trace import End, Streams, to_line

_GRACE_S = 0.2  # for the last collective's bytes to leave before a process of several goes


class Journal:
    """Writes events, knows the script's own lines, and stops the run after its number of steps."""

    def __init__(self, trace: str, root: str, steps: int) -> None:
        """Begin a trace."""
        self.root = os.path.realpath(root)
        self._file = Path(trace).open("wb", buffering=0)  # noqa: SIM115 - open as long as the run
        self._process = os.getpid()
        self._steps = steps
        self._taken = 0
        self._reader = streams.Reader()
        self._state: streams.State = {}
        self._streams = ""
        self._names: dict[str, str] = {}
        self._ended = False

    def note(self, event: object) -> None:
        """Write an event down; a process that the script has forked writes nothing."""
        if os.getpid() == self._process and not self._ended:
            self._file.write(to_line(event).encode())

    def streams(self) -> str:
        """Give the digest of the random streams as they are now; a state is written where it is new."""
        state = self._reader.read()
        if state != self._state:
            changed = {name: one for name, one in state.items() if one != self._state.get(name)}
            self._state, self._streams = state, streams.digest(state)
            self.note(Streams(self._streams, streams.encode(changed)))
        return self._streams

    def place(self) -> str:
        """Name the line of the script's own files that is being run: the innermost one on the stack."""
        frame: FrameType | None = sys._getframe(1)
        known = self._names
        while frame is not None:
            path = frame.f_code.co_filename
            if name := known[path] if path in known else self._name(path):
                return f"{name}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def place_of(self, error: BaseException) -> str:
        """Name the innermost line of the script's own files that an error passed through."""
        found = [(self._name(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
        return next((f"{name}:{line}" for name, line in reversed(found) if name), "")

    def _name(self, path: str) -> str:
        """Name a file from the copy's folder; with nothing where it is not the script's own."""
        if path not in self._names:
            is_own = path.startswith(self.root) and os.sep + "site-packages" + os.sep not in path
            self._names[path] = os.path.relpath(path, self.root) if is_own else ""
        return self._names[path]

    def count_step(self) -> None:
        """Count an optimizer step, and end the process where it was the last one asked for."""
        self._taken += 1
        if self._steps and self._taken >= self._steps and os.getpid() == self._process:
            self.end("stopped")
            self.leave(0)

    def end(self, how: str, error: str = "", place: str = "") -> None:
        """Write the last line."""
        runtime = bool({"runtime", "accelerate"} & set(sys.modules))
        self.note(End(how, error, self.streams(), runtime, place))
        self._ended = True
        self._file.close()

    def leave(self, code: int) -> NoReturn:
        """End the process at once: nothing of the script's can hold it up, or go on."""
        sys.stdout.flush()
        sys.stderr.flush()
        if "torch.distributed" in sys.modules and sys.modules["torch.distributed"].is_initialized():
            time.sleep(_GRACE_S)
        os._exit(code)
