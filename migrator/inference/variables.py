"""What every variable holds, so that a copy costs nothing and a merge costs what its branches wrote.

    owners    frames, and objects with attributes or elements; each has a number, the same in all copies
    root      number -> the owner's names, as a tree: pages of blocks of owners
    token     marks the pages and blocks that may be changed in place; all others are copied before they are changed

Copies share every page and block that neither has changed since, and comparisons pass over what is shared.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from migrator.inference.objects import INERT, MAYBE_UNBOUND, Value, join

_BITS = 5
_WIDTH = 1 << _BITS  # owners in a block, blocks in a page
_LAST = _WIDTH - 1
_PAGE = 2 * _BITS


class Names(dict[str, Value]):
    """What the names of one owner hold; ``made`` tells when these were put together."""

    __slots__ = ("made",)

    made: int


Changes = list[tuple[int, Names | None]]  # by number: what an owner's names have become
_Difference = tuple[int, Names | None, Names | None]
_Block = list[Any]  # the names of some owners, None for who has none; at the end the token
_Page = list[Any]  # blocks; at the end the token

_NO_NAMES = Names()
_NO_NAMES.made = 0
_NO_BLOCK: _Block = [*[None] * _WIDTH, None]
_NO_PAGE: _Page = [*[_NO_BLOCK] * _WIDTH, None]


class Reads:
    """The owners whose names are read from some time on, unless they were put together later."""

    __slots__ = ("owners", "since")

    def __init__(self, since: int) -> None:
        self.since = since
        self.owners: set[Hashable] = set()

    def add(self, known: Mapping[Hashable, Names | None]) -> None:
        """Count as read what is older."""
        since = self.since
        self.owners.update(owner for owner, names in known.items() if names is None or names.made < since)


class _Owners:
    """The owners by number, their numbers, and which of them are read, where somebody wants to know."""

    __slots__ = ("all", "numbers", "reads", "time")

    def __init__(self) -> None:
        self.all: list[Any] = []  # frames and objects, whose classes are made of this one
        self.numbers: dict[Hashable, int] = {}
        self.reads: Reads | None = None
        self.time = 0


class Variables:
    """What every variable holds: names by frame, attributes and elements by object."""

    __slots__ = ("_mine", "_numbers", "_owners", "_root", "_token")

    def __init__(self, owners: _Owners | None = None, root: list[_Page] | None = None) -> None:
        self._owners = owners if owners is not None else _Owners()
        self._numbers = self._owners.numbers
        self._root: list[_Page] = root if root is not None else []
        self._token = object()
        self._mine: set[Hashable] = set()  # owners whose names no other copy shares

    def __contains__(self, owner: Hashable) -> bool:
        return self.known(owner) is not None

    def known(self, owner: Hashable) -> Names | None:
        """Give an owner's names for reading; None for one that has none here."""
        number = self._numbers.get(owner)
        names: Names | None = None
        if number is not None and number >> _PAGE < len(self._root):
            names = self._root[number >> _PAGE][number >> _BITS & _LAST][number & _LAST]
        reads = self._owners.reads
        if reads is not None and (names is None or names.made < reads.since):
            reads.owners.add(owner)
        return names

    def of(self, owner: Hashable) -> Names:
        """Give an owner's names for reading; an empty dictionary for one that has none here."""
        names = self.known(owner)
        return names if names is not None else _NO_NAMES

    def own(self, owner: Hashable) -> Names:
        """Give an owner's names for writing."""
        names = self.of(owner)
        return names if owner in self._mine else self.put(owner, names)

    def put(self, owner: Hashable, values: dict[str, Value]) -> Names:
        """Set all of an owner's names; give them for writing."""
        names = Names(values)
        names.made = self._owners.time
        number = self._numbers.get(owner)
        if number is None:
            number = self._numbers[owner] = len(self._owners.all)
            self._owners.all.append(owner)
        self._set(number, names)
        self._mine.add(owner)
        return names

    def drop(self, owner: Hashable) -> None:
        """Forget an owner."""
        if owner in self:
            self._set(self._numbers[owner], None)
        self._mine.discard(owner)

    def copy(self) -> Variables:
        """Give variables that can be changed without changing these."""
        self._token = object()
        self._mine = set()
        return Variables(self._owners, list(self._root))

    def fill(self, other: Variables) -> None:
        """Take from a copy that is never changed what owners have that are not known here."""
        root = self._root
        root += other._root[len(root) :]
        for start, mine, theirs in _different_blocks(root, other._root):
            if mine is _NO_BLOCK:
                self._own_page(start >> _PAGE)[start >> _BITS & _LAST] = theirs
                continue
            for index in range(_WIDTH):
                if mine[index] is None and theirs[index] is not None:
                    self._set(start + index, theirs[index])

    def mark(self) -> list[_Page]:
        """Give what tells later which owners were known here."""
        self._token = object()
        return list(self._root)

    def added(self, mark: list[_Page]) -> dict[Any, Names]:
        """Give the owners that have come since a mark, with their names, which are not changed from here on."""
        self._mine = set()
        owners = self._owners.all
        return {
            owners[number]: names
            for number, known, names in _differences(mark, self._root)
            if known is None and names is not None
        }

    def merge(self, other: Variables) -> None:
        """Make these what the variables are after either of two paths, which other variables come from."""
        owners = self._owners.all
        differences = _differences(self._root, other._root)
        self._compared(differences)
        for number, mine, theirs in differences:
            if theirs is None:
                continue
            owner = owners[number]
            if mine is None:
                self._set(number, theirs)
                self._mine.discard(owner)
                other._mine.discard(owner)
            else:
                _merge_names(self.own(owner), theirs)

    def tells(self, other: Variables) -> bool:
        """Whether other variables hold something that these do not, of a kind that decides anything."""
        differences = _differences(self._root, other._root)
        self._compared(differences)
        return any(mine is not None and theirs is not None and _tells(mine, theirs) for _, mine, theirs in differences)

    # ------------------------------------------------------------ what a call reads and writes

    def record(self) -> Reads | None:
        """Note what is read from here on, and was put together before; give what was noted so far."""
        owners = self._owners
        before, owners.time = owners.reads, owners.time + 1
        owners.reads = Reads(owners.time)
        return before

    def recorded(self, before: Reads | None) -> Reads:
        """Give what was read since `record`, and note again what is read."""
        found, self._owners.reads = self._owners.reads, before
        assert found is not None
        return found

    def changes_since(self, before: Variables) -> Changes:
        """Give what differs from an earlier copy; that is not changed from here on."""
        self._mine = set()
        return [(number, after) for number, _, after in _differences(before._root, self._root)]

    def change(self, changes: Changes) -> None:
        """Repeat what was changed."""
        owners = self._owners.all
        for number, names in changes:
            if names is not None:
                self.put(owners[number], names)
            else:
                self.drop(owners[number])

    def _compared(self, differences: list[_Difference]) -> None:
        """Count as read what is compared."""
        reads, owners = self._owners.reads, self._owners.all
        if reads is not None:
            for number, mine, theirs in differences:
                if mine is None or theirs is None or min(mine.made, theirs.made) < reads.since:
                    reads.owners.add(owners[number])

    # ------------------------------------------------------------ blocks and pages

    def _own_page(self, number: int) -> _Page:
        """Give a page for writing."""
        root = self._root
        while number >= len(root):
            root.append(_NO_PAGE)
        page = root[number]
        if page[_WIDTH] is not self._token:
            page = root[number] = page.copy()
            page[_WIDTH] = self._token
        return page

    def _set(self, number: int, names: Names | None) -> None:
        page, index = self._own_page(number >> _PAGE), number >> _BITS & _LAST
        block = page[index]
        if block[_WIDTH] is not self._token:
            block = page[index] = block.copy()
            block[_WIDTH] = self._token
        block[number & _LAST] = names


def _different_blocks(ones: list[_Page], others: list[_Page]) -> list[tuple[int, _Block, _Block]]:
    """Give the blocks that are not shared: the number of the first owner, the block in one and in the other."""
    return [
        ((page << _PAGE) + (block << _BITS), one, other)
        for page in range(len(others))
        if (mine := ones[page] if page < len(ones) else _NO_PAGE) is not others[page]
        for block, (one, other) in enumerate(zip(mine, others[page], strict=True))
        if one is not other and block < _WIDTH
    ]


def _differences(ones: list[_Page], others: list[_Page]) -> list[_Difference]:
    """Give the owners whose names are not shared: the number, the names in one and in the other."""
    return [
        (start + index, mine, theirs)
        for start, one, other in _different_blocks(ones, others)
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True))
        if mine is not theirs and index < _WIDTH
    ]


def _merge_names(mine: Names, names: Names) -> None:
    for name, value in names.items():
        known = mine.get(name)
        if known is not value:
            mine[name] = join(known, value)
    if len(mine) > len(names):
        for name, value in mine.items():
            if name not in names:
                mine[name] = value | MAYBE_UNBOUND


def _tells(mine: Names, theirs: Names) -> bool:
    for name, value in mine.items():
        other = theirs.get(name)
        if other is not value and other is not None and any(x.kind not in INERT for x in other - value):
            return True
    return False


def merge(first: Variables | None, second: Variables | None) -> Variables | None:
    """Give the variables after either of two paths; None stands for a path that does not get here.

    ``first`` is changed and given back.
    """
    if first is None:
        return second
    if second is not None and second is not first:
        first.merge(second)
    return first


__all__ = ["Variables", "merge"]
