"""The programs of ``fixtures/``, and what is known of each beside its text."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.config import Settings
from migrator.project import pipeline, scan
from migrator.report.report import FileReport, Item
from migrator.source.discover import discover
from tests.programs.oracle.program import Program
from tests.programs.oracle.runner import ONCE, Launches

FIXTURES = Path(__file__).parents[3] / "fixtures"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person knows of a program, and the oracle has to be told."""

    launches: Launches = ONCE  # what is typed after `python` at each launch; all launches share one folder
    reads_ahead: bool = False  # Hugging Face Accelerate reads a batch ahead, which shifts augmentation against dropout
    others_print: bool = (
        False  # a launch is of a script that trains nothing: it is not migrated, and prints in every process
    )
    given: tuple[str, ...] = ()  # the files that the command is given, where these are not all: it has to follow


FACTS = {
    "02_device_parameter": Facts(launches=(("train.py", "--save-model"),)),
    "12_resume_and_best": Facts(launches=(("train.py",), ("train.py", "--resume", "checkpoint.pth.tar"))),
    "13_early_return": Facts(launches=(("train.py",), ("train.py", "--evaluate"))),
    "22_conditional_model": Facts(
        launches=(("train.py",), ("train.py", "--arch", "conv", "--optim", "Adam", "--schedule"))
    ),
    "29_augmentation": Facts(reads_ahead=True),
    "31_shared_engine": Facts(launches=(("train.py",), ("finetune.py",))),
    "32_trainer_in_another_file": Facts(launches=(("main.py",),)),
    "34_factories": Facts(launches=(("train.py",), ("train.py", "--model", "linear", "--optim", "adam", "--no_cuda"))),
    "35_package": Facts(launches=(("main.py",),)),
    "36_registries": Facts(launches=(("train.py",), ("train.py", "-a", "deep", "-d", "rings", "--optimizer", "adam"))),
    "37_batch_mover": Facts(launches=(("train.py",), ("predict.py",)), others_print=True),
    "44_given_in_part": Facts(given=("train.py",)),
}


@dataclass(frozen=True, slots=True)
class Script:
    """One folder of ``fixtures/``: a script or a program; one without an ``after`` must stay as it is."""

    name: str
    before: Program
    after: Program | None
    facts: Facts

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return FIXTURES / self.name

    def settings(self, **others: Any) -> Settings:
        """Give the settings under which it is migrated."""
        return Settings(follow=bool(self.facts.given), **others)


def scripts() -> list[Script]:
    """List the fixtures, in the order of their names."""
    found = []
    for notes in sorted(FIXTURES.glob("*/notes.md")):
        before = Program.read(notes.with_name("before.py"))
        assert before is not None, f"{notes.parent} has nothing to migrate"
        name = notes.parent.name
        found.append(Script(name, before, Program.read(notes.with_name("after.py")), FACTS.get(name, Facts())))
    return found


def script(name: str) -> Script:
    """Find a fixture by its name."""
    return next(one for one in scripts() if one.name == name)


# ---------------------------------------------------------------- migrating


def reports(
    program: Program,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    given: tuple[str, ...] = (),
    encode: Callable[[str], bytes] = str.encode,
) -> dict[str, list[FileReport]]:
    """Migrate a program that lies in a repository of its own, and give what is reported of each of its files.

    Args:    given: the files that the command is given; all where none are named. encode: how the files are written.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "project", "repository").resolve()
        (folder / ".git").mkdir(parents=True)  # whatever lies above is no part of it
        program.write(folder, encode)
        paths = discover([str(folder / name) for name in given] or [str(folder)])
        found: dict[str, list[FileReport]] = {}
        for report in pipeline.run(scan.candidates(paths), settings):
            assert not report.problems, [str(problem) for problem in report.problems]
            for file in report.files:
                found.setdefault(Path(file.source.path).relative_to(folder).as_posix(), []).append(file)
    return found


def migrated(
    program: Program,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    given: tuple[str, ...] = (),
) -> Program | None:
    """Give the new program, or None where it stays."""
    found = reports(program, settings, given)
    texts = {name: file.text for name, files in found.items() for file in files if file.text is not None}
    return Program.of(dict(program.files) | texts) if texts else None


def items(
    program: Program,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    given: tuple[str, ...] = (),
) -> list[tuple[str, Item]]:
    """List the edits and the findings, each with the file that it is in."""
    found = reports(program, settings, given)
    return [(name, item) for name, files in found.items() for file in files for item in file.items]
