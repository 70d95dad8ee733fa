"""Results of earlier runs, by question and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TypeVar

from migrator.config import Settings
from migrator.errors import FileProblem
from migrator.project.cache.disk_cache import DiskCache
from migrator.project.cache.identity import identity
from migrator.project.cache.record import Form
from migrator.project.sources import SourceStore

_T = TypeVar("_T")
# They decide which files are given, what is printed, and what is checked before it is written: the answers that are kept
# do not depend on them.
_ELSEWHERE = ("exclude", "force_exclude", "strict", "preview")
# What a document that is not ours can raise; to read it is no harm.
_FOREIGN = (ValueError, LookupError, TypeError, AttributeError, FileProblem, RecursionError)


class Cache:
    """Cached answers about the files of a run; without a disk cache, none are kept."""

    def __init__(self, disk_cache: DiskCache | None, sources: SourceStore) -> None:
        """Start a cache for one run."""
        self._sources = sources
        self._disk_cache = (
            None if sources.settings.roles else disk_cache
        )  # which is a question about our code, and long
        self._base = f"{identity()}\n{_decisive(sources.settings)}" if self._disk_cache else ""

    def known(self, form: Form[_T], *question: str) -> _T | None:
        """Give the cached answer, if it is still valid; otherwise None.

        Args:    question: what kind of answer, about which given file, and all else that it depends on.
        """
        data = self._disk_cache and self._disk_cache.get(self._key(*question))
        if not data:
            return None
        try:
            document = json.loads(data)
            for *asked, answer in document["asked"]:
                if self._sources.answer(tuple(asked)) != answer:
                    return None
            return form.read(document["answer"], self._sources.read)
        except _FOREIGN:
            return None

    def made(self, form: Form[_T], make: Callable[[], _T], *question: str) -> _T:
        """Compute an answer, and store it with all questions to the disk."""
        self._sources.dependencies = {}
        answer = make()
        plain = form.write(answer) if self._disk_cache else None
        if self._disk_cache and plain is not None:
            asked = [[*about, told] for about, told in self._sources.dependencies.items()]
            document = {"asked": asked, "answer": plain}
            self._disk_cache.put(self._key(*question), json.dumps(document, separators=(",", ":")).encode())
        return answer

    def _key(self, kind: str, path: str, *more: str) -> str:
        """Files with the same name and content share an entry, in any folder: the other files are checked by questions."""
        return "\0".join((self._base, kind, str(self._sources.answer(("file", path))), *more))


def _decisive(settings: Settings) -> str:
    names = (field.name for field in fields(settings) if field.name not in _ELSEWHERE)
    return repr([(name, getattr(settings, name)) for name in names])


def codes(disk_cache: DiskCache | None, find: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Give the codes of all rules; to ask the rules themselves takes the import of all that they use."""
    key = f"{identity()}\ncodes" if disk_cache else ""
    known = disk_cache.get(key) if disk_cache else None
    if known:
        return known.decode().split()
    found = find()
    if disk_cache:
        disk_cache.put(key, " ".join(found).encode())
    return found
