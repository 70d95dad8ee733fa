"""The file of events: each is written when it happens, so that a run that hangs or is killed leaves what it did."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any, NoReturn

from migrator.verify.recorder import streams
from migrator.verify.trace import End, Streams, to_line

_GRACE_S = 0.2  # for the last collective's bytes to leave before a process of several goes


class Journal:
    """Writes events, knows the script's own lines, and stops the run after its number of steps."""

    def __init__(self, trace: str, root: str, steps: int) -> None:
        """Begin a trace."""
        self.root = os.path.realpath(root)
        self._file = Path(trace).open("w", encoding="utf-8", buffering=1)  # noqa: SIM115 - open as long as the run
        self._process = os.getpid()
        self._steps = steps
        self._taken = 0
        self._streams = ""
        self._ended = False

    def note(self, event: Any) -> None:
        """Write an event down; a process that the script has forked writes nothing."""
        if os.getpid() == self._process and not self._ended:
            self._file.write(to_line(event))

    def streams(self) -> str:
        """Give the digest of the random streams as they are now; their states are written where they are new."""
        digest, state = streams.read()
        if digest != self._streams:
            self._streams = digest
            self.note(Streams(digest, streams.encode(state)))
        return digest

    def place(self) -> str:
        """Name the line of the script's own files that is being run: the innermost one on the stack."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if self._is_own(frame):
                return self._line(frame, frame.f_lineno)
            frame = frame.f_back
        return ""

    def place_of(self, error: BaseException) -> str:
        """Name the innermost line of the script's own files that an error passed through."""
        own = [(frame, line) for frame, line in walk_tb(error.__traceback__) if self._is_own(frame)]
        return self._line(*own[-1]) if own else ""

    def _is_own(self, frame: FrameType) -> bool:
        path = frame.f_code.co_filename
        return path.startswith(self.root) and os.sep + "site-packages" + os.sep not in path

    def _line(self, frame: FrameType, line: int) -> str:
        return f"{os.path.relpath(frame.f_code.co_filename, self.root)}:{line}"

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
