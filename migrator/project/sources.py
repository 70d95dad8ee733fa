"""The files of a run: those that were given, and those that they import, each read and parsed once.

The analysis reads the disk only through a SourceStore. It records each question and its answer, so that a cached result
can be checked: it is valid while all these questions have the same answers.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from migrator.config import Settings
from migrator.errors import FileProblem, Unreadable
from migrator.project.proposal import Assumption
from migrator.project.scan import files_near, imported_modules, trains
from migrator.source import files
from migrator.source.text import Source, read_source

if TYPE_CHECKING:
    from migrator.source.module import Module
    from migrator.training.training import Training

# What is kept parsed from program to program: characters, each of which takes some 300 bytes when parsed.
_KEPT = 800_000
_KEPT_SCRIPTS = 60_000  # of scripts, which as a rule no other program uses
_OBJECTS = 700_000  # made and not freed since the last collection, some 100 bytes each: another one repays
_REPAYS = 60_000  # so do characters that were dropped

Question = tuple[str, ...]  # what is asked, and about what
Answers = dict[Question, str | None]


def path_of(module: Module) -> str:
    """Give the normalised path of a module."""
    return os.path.normpath(module.source.path)


@dataclass(slots=True)
class SourceStore:
    """The given files, and those that they import, each read and parsed once."""

    settings: Settings
    data: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # normalised path -> as the user wrote it
    problems: dict[str, FileProblem] = field(default_factory=dict)  # given files that cannot be read
    others: dict[str, bytes | FileProblem | None] = field(
        default_factory=dict
    )  # not given; None: there is no such file
    texts: dict[str, Source] = field(default_factory=dict)
    parsed: dict[str, Module] = field(default_factory=dict)
    importers: dict[str, list[str]] = field(default_factory=dict)  # path -> the files that import what is called so
    uses: Counter[str] = field(default_factory=Counter)  # path -> how many programs it was a part of
    scripts: set[str] = field(default_factory=set)  # where the programs so far begin
    changed: Mapping[str, Module] = field(default_factory=dict)  # what stands in the place of files in a second pass
    dependencies: Answers = field(default_factory=dict)  # by the current program
    answers: Answers = field(default_factory=dict)  # so far in this run

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

    def permit(self, path: str) -> None:
        """Let a given file be changed that contains no training code: a program may import it."""
        self.names[os.path.normpath(path)] = path

    # ------------------------------------------------------------ what a program asks

    def read(self, path: str) -> Source | None:
        """Give a file's text, whether it was given or is imported; None where there is no such file."""
        if path in self.changed:
            return self.changed[path].source
        self._ask("file", path)
        if path not in self.texts:
            data = self._bytes(path)
            if data is None:
                return None
            self.texts[path] = read_source(self.names.get(path, path), data)
        return self.texts[path]

    def module(self, path: str) -> Module:
        """Parse a given file.

        Raises:  FileProblem
        """
        source = self.read(path)
        if source is None:
            raise Unreadable(path, "cannot be found")
        if path not in self.parsed:
            from migrator.source.module import Module

            self.parsed[path] = Module(source)
        return self.parsed[path]

    def is_given(self, path: str) -> bool:
        """Whether a file is one of the given ones."""
        return self._ask("given", os.path.normpath(path)) is not None

    def find(self, path: str) -> str | None:
        """Give the shortest name of a file or a folder; None where there is none."""
        return self._ask("exists", path)

    def users_of(self, module: Module, name: str, training: Training) -> list[str]:
        """Give the files outside a program that use a name of one of its modules; their paths are normalised."""
        inside = {path_of(x) for x in training.modules} | self.changed.keys()
        return (self._ask("users", path_of(module), name, *sorted(inside)) or "").split("\0")[:-1]

    def trainers_near(self, module: Module) -> list[str]:
        """Give the files near a module that may train; their paths are normalised."""
        return (self._ask("trainers", os.path.dirname(path_of(module))) or "").split("\0")[:-1]

    def name_of(self, path: str) -> str:
        """Give a file's path as the user wrote it."""
        return self._ask("given", path) or path

    def second(self, results: Mapping[Module, Module]) -> SourceStore:
        """Give the sources after modules are replaced by results; questions to it are recorded here as well."""
        changed = {path_of(module): module for module in results.values()}
        parsed = {path: results.get(module, module) for path, module in self.parsed.items()}
        return replace(self, parsed=parsed, changed=changed)

    def tidy(self, entry: str, used: Iterable[str]) -> None:
        """Drop parsed modules if there are many, those of scripts first that no other program has used.

        Args:    entry, used: the script that was done last, and the files of its program.
        """
        self.uses.update(used)
        self.scripts.add(entry)
        alone = [path for path in self.parsed if path in self.scripts and self.uses[path] < 2]
        dropped = self._drop(alone, _KEPT_SCRIPTS) + self._drop(sorted(self.parsed, key=self._importance), _KEPT)
        _collect(dropped)

    def _importance(self, path: str) -> int:
        return self.uses[os.path.normpath(path)]

    def _drop(self, paths: list[str], kept: int) -> int:
        """Drop the first of some parsed files until as many characters are left as may be kept; say how many were."""
        sizes = {path: len(self.parsed[path].source.text) for path in paths}
        left, dropped = sum(sizes.values()), 0
        for path in paths if left > kept else ():
            if left <= kept // 2:
                break
            del self.parsed[path]
            left -= sizes[path]
            dropped += sizes[path]
        return dropped

    # ------------------------------------------------------------ input

    def answer(self, question: Question) -> str | None:
        """Answer a question in a few words; the answer does not change during a run."""
        if question not in self.answers:
            kind, *about = question
            self.answers[question] = _KINDS[kind](self, *about)
        return self.answers[question]

    def _ask(self, *question: str) -> str | None:
        answer = self.dependencies[question] = self.answer(question)
        return answer

    def _file(self, path: str) -> str | None:
        """What a file holds, as a digest."""
        try:
            data = self._bytes(path)
        except FileProblem as problem:
            return str(problem)
        return None if data is None else f"{files.digest(data)} {self.names.get(path, path)}"

    def _given(self, path: str) -> str | None:
        return self.names.get(path)

    def _exists(self, path: str) -> str | None:
        if not os.path.exists(path):
            return None
        return os.path.relpath(path) if path.startswith(os.pardir) else path

    def _trainers(self, folder: str) -> str:
        return "".join(f"{path}\0" for path in files_near(folder) if trains(self.peek(path)))

    def _users(self, of: str, name: str, *inside: str) -> str:
        """Find the files that import another one and mention a name of it."""
        word, outside = name.encode(), (path for path in self._importers(of) if path not in inside)
        return "".join(f"{path}\0" for path in outside if word in self.peek(path))

    def _importers(self, of: str) -> list[str]:
        """The files that may import another one; they are looked for once."""
        if of not in self.importers:
            place = os.path.splitext(os.path.abspath(of))[0].split(os.sep)
            if place[-1] == "__init__":
                place.pop()  # the package is called like its folder
            near = ((path, self.peek(path)) for path in self._neighbours(os.path.dirname(of)))
            self.importers[of] = [x for x, data in near if place[-1].encode() in data and _imports(data, place)]
        return self.importers[of]

    def _neighbours(self, folder: str) -> list[str]:
        """The given files, and the Python files beside a module and one folder above it."""
        found = dict.fromkeys(self.data)
        for place in dict.fromkeys((folder or ".", os.path.dirname(folder) or ".")):
            if os.path.isdir(place):
                names = sorted(name for name in os.listdir(place) if name.endswith(".py"))
                found.update(dict.fromkeys(os.path.normpath(os.path.join(place, name)) for name in names))
        return list(found)

    def peek(self, path: str) -> bytes:
        """Give the bytes of a file, given or not; none of one that cannot be read."""
        try:
            return self._bytes(path) or b""
        except FileProblem:
            return b""  # the error is reported where that file is migrated

    def _bytes(self, path: str) -> bytes | None:
        """Give what a file held when it was first looked for; None where there is no such file.

        Raises:  Unreadable when it cannot be opened.
        """
        if path in self.data:
            return self.data[path]
        if path not in self.others:
            try:
                self.others[path] = files.read(path) if os.path.isfile(path) else None
            except FileProblem as problem:
                self.others[path] = problem
        found = self.others[path]
        if isinstance(found, FileProblem):
            raise found
        return found


def _collect(dropped: int) -> None:
    """Collect garbage where that repays, and never look again at what is still in use then.

    Trees and objects are full of cycles, which only a collection frees.

    Args:    dropped: how many characters of parsed files nobody uses any more.
    """
    if dropped < _REPAYS and (gc.isenabled() or gc.get_count()[0] < _OBJECTS):
        return
    if dropped:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


def _imports(data: bytes, place: list[str]) -> bool:
    """Whether an import may find a module, given the folders that lead to it and its name; ``from a import b`` may mean a.b."""
    return any(parts and parts == place[-len(parts) :] for _, parts in imported_modules(data))


_KINDS: dict[str, Callable[..., str | None]] = {
    "file": SourceStore._file,
    "given": SourceStore._given,
    "exists": SourceStore._exists,
    "trainers": SourceStore._trainers,
    "users": SourceStore._users,
}


class ExternalUsers:
    """The files outside a program that use what its modules define."""

    def __init__(self, sources: SourceStore, training: Training, migrated_together: frozenset[str]) -> None:
        self.migrated_together = migrated_together  # files whose programs change together with this one
        self.found: set[str] = set()  # the first that blocks each change
        self.all: set[str] = set()
        self.assumed: set[Assumption] = set()
        self._sources = sources
        self._training = training

    def __call__(self, module: Module, name: str) -> str | None:
        """Give a file outside a program that uses a name of one of its modules, and will not change with it."""
        users = self._sources.users_of(module, name, self._training)
        self.all.update(users)
        for user in users:
            if user not in self.migrated_together:
                self.found.add(user)
                return self._sources.name_of(user)
            self.assumed.add(Assumption(path_of(module), name, user))
        return None
