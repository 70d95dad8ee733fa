"""The options of a process of a verification, passed as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """One process of one run."""

    script: str  # path of the script, or the name of a module where `is_module`
    arguments: tuple[str, ...]
    root: str  # the copy of the project that it runs in: its own files
    project: str  # the project itself, which imports may lead to where it is installed in place
    trace: str  # where the trace is to be written
    is_module: bool = False
    steps: int = 0  # optimizer steps to take; 0: to the script's own end
    scratch: str = ""  # the folder that holds the copy, and nothing of what lies beside the project
    writable: tuple[
        str, ...
    ] = ()  # folders outside of the copy that may be written, such as the one for temporary files
    guarded: bool = False  # keep every other path from being written
    recorded: str = ""  # a trace whose batches it repeats, in a reference run
    joined: tuple[str, ...] = ()  # traces whose batches it is to take as one, instead
    store: str = ""  # the file through which the parts of the reference meet
    rank: int = 0
    world: int = 1
    repeated: tuple[int, ...] = ()  # schedulers that the reference steps once for each process

    def to_json(self) -> str:
        """Write down."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Options:
        """Read what `to_json` wrote."""
        fields: dict[str, object] = json.loads(text)
        given: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()}
        return cls(**given)
