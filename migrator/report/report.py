"""The report: every edit and every finding, file by file."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrator.errors import FileProblem
from migrator.rules.severity import Level
from migrator.source.text import Source


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One edit (``applied``) or finding at its place in the original file; lines and columns count from 1."""

    line: int
    column: int
    code: str
    message: str
    level: Level = field(compare=False)
    end_line: int = field(compare=False)
    end_column: int = field(compare=False)
    reason: str = field(default="", compare=False)  # why it was withheld, or what happens if nothing is done
    help: str = field(default="", compare=False)  # what to do
    applied: bool = field(default=False, compare=False)
    waits: bool = field(default=False, compare=False)  # another finding blocks it
    blocks: bool = field(default=False, compare=False)  # the program is not changed because of it

    @property
    def mark(self) -> str:
        """What it is, as a mark after its code; an edit that is made has none."""
        if self.applied:
            return ""
        if self.blocks:
            return " [blocks]"
        if self.level is Level.NOTE:
            return " [note]"
        if self.waits:
            return " [blocked]"
        return " [unsafe]" if self.level is Level.UNSAFE else " [review]"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What happened to one file; ``text`` is its new text, or None if it is not changed."""

    source: Source
    items: tuple[Item, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramReport:
    """One program: its changed files are written together or not at all."""

    files: tuple[FileReport, ...]
    problems: tuple[FileProblem, ...] = ()
    entries: tuple[str, ...] = ()  # the scripts to launch, where it was changed; several that share a changed file
    roles: str = ""  # the table of `--roles`


__all__ = ["FileReport", "Item", "Level", "ProgramReport"]
