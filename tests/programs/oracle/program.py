"""A program as the tests hand it around: a single script, or a folder of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SCRIPT = "train.py"  # what a script that stands alone is called


@dataclass(frozen=True, slots=True, repr=False)
class Program:
    """Files, each with its path from the folder that they share; in the order of these paths."""

    files: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, files: dict[str, str]) -> Program:
        """Make a program of the texts of its files."""
        return cls(tuple(sorted(files.items())))

    @classmethod
    def single(cls, text: str) -> Program:
        """Make a program of one script."""
        return cls(((SCRIPT, text),))

    @classmethod
    def read(cls, path: Path) -> Program | None:
        """Read a script, or everything in the folder of that name without the ending; None where neither is there."""
        if path.is_file():
            return cls.single(path.read_bytes().decode())
        folder = path.with_suffix("")
        found = sorted(x for x in folder.rglob("*") if x.is_file() and "__pycache__" not in x.parts)
        return cls.of({x.relative_to(folder).as_posix(): x.read_bytes().decode() for x in found}) if found else None

    def save(self, path: Path) -> None:
        """Write to where `read` would find it."""
        if [name for name, _ in self.files] == [SCRIPT]:
            path.write_bytes(self.text.encode())
        else:
            self.write(path.with_suffix(""))

    def write(self, folder: Path, encode: Callable[[str], bytes] = str.encode) -> list[Path]:
        """Write into a folder, and give the paths of the files."""
        paths = [folder / name for name, _ in self.files]
        for path, (_, text) in zip(paths, self.files, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(text))
        return paths

    @property
    def text(self) -> str:
        """The text of a program that is one script."""
        ((_, text),) = self.files
        return text

    @property
    def is_script(self) -> bool:
        """Whether it is one file."""
        return len(self.files) == 1

    def __iter__(self) -> Iterator[str]:
        """Go through the texts."""
        return (text for _, text in self.files)

    def replace(self, old: str, new: str) -> Program:
        """Put a text in the place of another, in every file."""
        return Program(tuple((name, text.replace(old, new)) for name, text in self.files))
