"""A program: an entry script and the local modules that it reaches, read without importing anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from migrator.errors import FileProblem
from migrator.inference.knowledge import LIBRARIES, WORDS, maker
from migrator.inference.objects import Kind
from migrator.inference.search_path import added_folders
from migrator.source.module import Module
from migrator.source.text import Source

_MODULES = 120  # a program that imports more local modules than this is not followed further

Reader = Callable[[str], Source | None]


class Program:
    """Finds and parses the modules that a program imports, each once."""

    def __init__(
        self,
        entry: Module,
        read: Reader,
        parsed: dict[str, Module] | None = None,
        find: Callable[[str], str | None] = lambda path: None,
        makes: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Begin with the entry script.

        Args:    read, find: all that a program learns of the disk; every file is asked for, parsed already or not.
                 parsed: what other programs had parsed, by path; what this one parses is left there.
                 makes: what the user says that calls give, by dotted name.
        """
        self.entry = entry
        self.makes = {name: WORDS[word] for name, word in makes}  # by dotted name: what the user says that a call gives
        self._read = read
        self._find = find
        self._parsed = parsed if parsed is not None else {}
        self._modules = {os.path.normpath(entry.source.path): entry}
        self.problems: dict[str, FileProblem] = {}  # by path: imported files that cannot be read, which stay unknown
        self._found: dict[tuple[str, int, str], Module | None] = {}  # a program is walked several times
        self._folders: dict[str, None] = {}  # that modules of the program add to `sys.path`
        self._add_folders(entry)

    def maker(self, name: str) -> Kind | None:
        """Give what a call of a qualified name makes: what the user says, else the table."""
        return self._said(name) or maker(name)

    def said_of(self, module: Module, name: str) -> Kind | None:
        """Give what the user says that a function or class of a local module makes; its path is known from some folder on."""
        if not self.makes:
            return None
        stem = os.path.splitext(os.path.normpath(module.source.path))[0].removesuffix(os.sep + "__init__")
        parts = [*stem.split(os.sep), name]
        return next((kind for i in range(len(parts) - 1) if (kind := self._said(".".join(parts[i:])))), None)

    def _said(self, name: str) -> Kind | None:
        return self.makes.get(name) or self.makes.get(f"{name.rpartition('.')[0]}.*") if self.makes else None

    def find(self, importer: Module, level: int, dotted: str) -> Module | None:
        """Find a local module as an import in ``importer`` names it; None for one that is not local."""
        base = os.path.dirname(importer.source.path)
        key = (base, level, dotted)
        if key not in self._found:
            found = self._found[key] = self._search(base, level, dotted)
            if found is not None:
                self._add_folders(found)
        return self._found[key]

    def _add_folders(self, module: Module) -> None:
        self._folders.update(dict.fromkeys(map(os.path.normpath, added_folders(module))))

    def problem(self, importer: Module, level: int, dotted: str) -> FileProblem | None:
        """Give what is wrong with the file that an import means, where that was found and could not be read."""
        if not self.problems:
            return None
        stems = self._stems(os.path.dirname(importer.source.path), level, dotted)
        paths = [path for stem in stems for path in self._files_of(stem)]
        return next((self.problems[path] for path in paths if path in self.problems), None)

    def _search(self, base: str, level: int, dotted: str) -> Module | None:
        found = (self._load(stem) for stem in self._stems(base, level, dotted))
        return next((module for module in found if module is not None), None)

    def _stems(self, base: str, level: int, dotted: str) -> list[str]:
        """The paths that an import may mean, without their endings, nearest first."""
        parts = dotted.split(".") if dotted else []
        if level:
            for _ in range(level - 1):
                base = os.path.dirname(base)
            return [os.path.join(base, *parts)]
        if not parts or parts[0] in LIBRARIES:
            return []
        folders = dict.fromkeys([base, *self._above(base), os.path.dirname(self.entry.source.path), *self._folders])
        return [os.path.join(folder, *parts) for folder in folders]

    def _load(self, stem: str) -> Module | None:
        for path in self._files_of(stem):
            if path in self._modules:
                return self._modules[path]
            if path in self.problems:
                return None
            try:
                source = self._read(path) if len(self._modules) < _MODULES else None
                if source is not None:
                    self._modules[path] = self._parsed[path] = self._parsed.get(path) or Module(source)
                    return self._modules[path]
            except FileProblem as problem:
                self.problems[path] = problem
                return None
        return None

    def _above(self, folder: str, limit: int = 6) -> list[str]:
        """The folders above, as far up as a project goes (where packages may be rooted), wherever the command was run."""
        found = []
        for _ in range(limit):
            if folder == os.sep or self._find(os.path.join(folder, ".git")):
                break
            folder = _folder_above(folder)
            found.append(folder)
        return found

    def _files_of(self, stem: str) -> list[str]:
        """The files that a module may be, each by one name: a way up and down again into the current folder is none."""
        paths = [os.path.normpath(path) for path in (stem + ".py", os.path.join(stem, "__init__.py"))]
        return [self._find(path) or path if path.startswith(os.pardir) else path for path in paths]


def _folder_above(folder: str) -> str:
    """The folder above; above the current one it is named by the way there."""
    if os.path.basename(folder) in ("", os.curdir, os.pardir):
        return os.path.normpath(os.path.join(folder, os.pardir))
    return os.path.dirname(folder)
