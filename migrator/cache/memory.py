"""What earlier runs have found out, for whoever asks the same of the same files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TypeVar

from migrator.cache.identity import identity
from migrator.cache.record import Form
from migrator.cache.store import Store
from migrator.config import Settings
from migrator.errors import FileProblem
from migrator.shelf import Shelf

_T = TypeVar("_T")
# They decide which files are given, what is printed, and what is checked before it is written: the answers that are kept
# do not depend on them.
_ELSEWHERE = ("exclude", "force_exclude", "strict", "preview")
# What a document that is not ours can raise; to read it is no harm.
_FOREIGN = (ValueError, LookupError, TypeError, AttributeError, FileProblem, RecursionError)


class Memory:
    """Answers about the files on a shelf; without a store it forgets them all."""

    def __init__(self, store: Store | None, shelf: Shelf) -> None:
        """Remember for one run."""
        self._shelf = shelf
        self._store = None if shelf.settings.roles else store  # which is a question about our code, and long
        self._base = f"{identity()}\n{_decisive(shelf.settings)}" if self._store else ""

    def known(self, form: Form[_T], *question: str) -> _T | None:
        """Give the answer that would be found out now; None where that must be done.

        Args:    question: what kind of answer, about which given file, and all else that it depends on.
        """
        data = self._store and self._store.get(self._key(*question))
        if not data:
            return None
        try:
            document = json.loads(data)
            for *asked, answer in document["asked"]:
                if self._shelf.answer(tuple(asked)) != answer:
                    return None
            return form.read(document["answer"], self._shelf.read)
        except _FOREIGN:
            return None

    def made(self, form: Form[_T], make: Callable[[], _T], *question: str) -> _T:
        """Find an answer out, and keep it with all that was asked of the disk for it."""
        self._shelf.asked = {}
        answer = make()
        plain = form.write(answer) if self._store else None
        if self._store and plain is not None:
            asked = [[*about, told] for about, told in self._shelf.asked.items()]
            document = {"asked": asked, "answer": plain}
            self._store.put(self._key(*question), json.dumps(document, separators=(",", ":")).encode())
        return answer

    def _key(self, kind: str, path: str, *more: str) -> str:
        """Files of one name and one content share an entry, wherever they are: their surroundings are asked for."""
        return "\0".join((self._base, kind, str(self._shelf.answer(("file", path))), *more))


def _decisive(settings: Settings) -> str:
    names = (field.name for field in fields(settings) if field.name not in _ELSEWHERE)
    return repr([(name, getattr(settings, name)) for name in names])


def codes(store: Store | None, find: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Give the codes of all rules; to ask the rules themselves takes the import of all that they use."""
    key = f"{identity()}\ncodes" if store else ""
    known = store.get(key) if store else None
    if known:
        return known.decode().split()
    found = find()
    if store:
        store.put(key, " ".join(found).encode())
    return found
