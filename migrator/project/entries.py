"""Which programs a set of files belongs to, found by imports and a few bytes, before anything is parsed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from migrator.inference.frameworks import FRAMEWORKS
from migrator.project.scan import Outside, imported_stems, leading_to, stem_of, trains

_MAIN = re.compile(rb"^if[ \t]+__name__[ \t]*==", re.MULTILINE)
_FRAMEWORK = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:"
    + "|".join(sorted(FRAMEWORKS)).encode()
    + rb"|runtime\b|transformers[ \t]+import[^\n]*Trainer)",
    re.MULTILINE,
)


def entries(files: Mapping[str, bytes], read: Callable[[str], bytes | None]) -> tuple[list[str], list[str]]:
    """Give the files to analyse as programs: scripts, and the libraries that they may use.

    A file matters if it trains, or imports (through others) one that does, be that given or not.

    Args:    read: gives the bytes of a file, given or not.
    """
    trainers = {path for path, data in files.items() if trains(data)}
    outside = Outside(files, trainers, read)
    imports = {path: imported_stems(data) for path, data in files.items()}
    starters = {path for path in files if outside.starts_by_name(path) or outside.is_started_by(path)}
    matter = leading_to(trainers | starters, imports)
    importers = Counter(stem for path in matter for stem in imports[path])
    used = {path for path in matter if importers[stem_of(path)] > (stem_of(path) in imports[path])}
    scripts = [path for path in files if path in matter and (path not in used or _MAIN.search(files[path]))]
    libraries = [path for path in files if path in matter and path not in scripts]
    return scripts, libraries


def is_script(data: bytes) -> bool:
    """Whether a file checks whether it is the main program."""
    return _MAIN.search(data) is not None


def may_be_driven(data: bytes) -> bool:
    """Whether a file's bytes look like an import of a framework."""
    return _FRAMEWORK.search(data) is not None
