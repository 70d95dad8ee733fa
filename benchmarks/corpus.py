"""Repositories to measure on: training scripts from fixtures/, among files of the standard library that train nothing."""

from __future__ import annotations

import random
import shutil
import sysconfig
from itertools import cycle, islice
from pathlib import Path

from migrator.project.scan import matters

FIXTURES = Path(__file__).parents[1] / "fixtures"
_LARGEST = 120_000  # bytes: beyond lie tables, not programs
_FOLDER = 25  # files in a folder
_SEED = 7


def training_scripts() -> list[Path]:
    """Give the scripts of the fixtures that are migrated."""
    return sorted(path.with_name("before.py") for path in FIXTURES.glob("*/after.py"))


def plain_files() -> list[Path]:
    """Give the files of the standard library that a byte scan leaves out, in a random order that is always the same."""
    library = Path(sysconfig.get_path("stdlib"))
    found = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts)
    found = [path for path in found if 200 < path.stat().st_size < _LARGEST and not matters(path.read_bytes())]
    random.Random(_SEED).shuffle(found)
    return found


def make_repository(folder: Path, files: int, share: float) -> Path:
    """Fill a new folder with a number of files, a share of them training scripts, each of these in a folder of its own.

    Returns: the folder.
    """
    trains = round(files * share)
    for number, path in enumerate(islice(cycle(training_scripts()), trains)):
        _copy(path, folder / f"experiment{number:03}" / "train.py")
    for number, path in enumerate(islice(cycle(plain_files()), files - trains)):
        _copy(path, folder / f"package{number // _FOLDER:03}" / f"module{number:04}.py")
    return folder


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
