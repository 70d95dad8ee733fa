"""The files of a run: those that were given, and those that they import, each read and parsed once."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from migrator.config import Settings
from migrator.errors import FileProblem, Unreadable
from migrator.proposal import Excuse, path_of
from migrator.scan import imported_stems, stem_of
from migrator.source import files
from migrator.source.module import Module
from migrator.source.text import Source, read_source
from migrator.training.training import Training

# what is kept parsed from program to program: characters (each takes some 300 bytes when parsed) and modules
_KEPT = 300_000
_MODULES = 60


@dataclass(slots=True)
class Shelf:
    """The given files, and those that they import, each read and parsed once."""

    settings: Settings
    data: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # normalised path -> as the user wrote it
    sources: dict[str, Source] = field(default_factory=dict)
    parsed: dict[str, Module] = field(default_factory=dict)
    problems: dict[str, FileProblem] = field(default_factory=dict)
    peeked: dict[str, bytes] = field(default_factory=dict)

    def take(self, path: str) -> None:
        """Read a given file."""
        try:
            self.put(path, files.read(path))
        except FileProblem as problem:
            self.problems[path] = problem

    def put(self, path: str, data: bytes) -> None:
        """Keep a given file's bytes."""
        key = os.path.normpath(path)
        self.data[key] = data
        self.names[key] = path

    def read(self, path: str) -> Source | None:
        """Give a file's text, whether it was given or is imported; None where there is no such file."""
        if path not in self.sources:
            data = self.data.get(path)
            if data is None:
                if not os.path.isfile(path):
                    return None
                data = files.read(path)
            self.sources[path] = read_source(self.names.get(path, path), data)
        return self.sources[path]

    def users_of(self, module: Module, name: str, training: Training) -> Iterator[str]:
        """Give the files outside a program that use a name of one of its modules; their paths are normalised."""
        inside = {os.path.normpath(x.source.path) for x in training.modules}
        stem = stem_of(module.source.path)
        for path in self._neighbours(os.path.dirname(os.path.normpath(module.source.path))):
            if path not in inside:
                data = self.data[path] if path in self.data else self._peek(path)
                if name.encode() in data and stem in imported_stems(data):
                    yield path

    def tidy(self) -> None:
        """Forget what was parsed, once it is much; a program's trees are full of cycles, which only a collection frees."""
        if sum(len(module.source.text) for module in self.parsed.values()) > _KEPT or len(self.parsed) > _MODULES:
            self.parsed.clear()
            gc.collect()

    def _neighbours(self, folder: str) -> list[str]:
        """The given files, and the Python files beside a module and one folder above it."""
        found = dict.fromkeys(self.data)
        for place in dict.fromkeys((folder or ".", os.path.dirname(folder) or ".")):
            if os.path.isdir(place):
                names = sorted(name for name in os.listdir(place) if name.endswith(".py"))
                found.update(dict.fromkeys(os.path.normpath(os.path.join(place, name)) for name in names))
        return list(found)

    def _peek(self, path: str) -> bytes:
        if path not in self.peeked:
            try:
                self.peeked[path] = files.read(path)
            except FileProblem:
                self.peeked[path] = b""  # whoever migrates that file hears why it cannot be read
        return self.peeked[path]

    def module(self, path: str) -> Module:
        """Parse a given file.

        Raises:  FileProblem
        """
        if path not in self.parsed:
            source = self.read(path)
            if source is None:
                raise Unreadable(path, "cannot be found")
            self.parsed[path] = Module(source)
        return self.parsed[path]


class Outsiders:
    """Who else uses what a program's modules define: the plan asks, and all that is found is kept."""

    def __init__(self, shelf: Shelf, training: Training, allies: frozenset[str]) -> None:
        self.allies = allies  # files whose programs change together with this one
        self.found: set[str] = set()
        self.excused: set[Excuse] = set()
        self._shelf = shelf
        self._training = training

    def __call__(self, module: Module, name: str) -> str | None:
        """Give a file outside a program that uses a name of one of its modules, and will not change with it."""
        for user in self._shelf.users_of(module, name, self._training):
            if user not in self.allies:
                self.found.add(user)
                return self._shelf.names.get(user, user)
            self.excused.add(Excuse(path_of(module), name, user))
        return None
