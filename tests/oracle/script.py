"""The scripts of ``fixtures/``, and what is known of each beside its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from migrator import pipeline
from migrator.config import Settings
from migrator.report.report import Item, ProgramReport
from tests.oracle.laboratory import ONCE, Launches

FIXTURES = Path(__file__).parents[2] / "fixtures"
# Nothing lies beside it: a local module of the same name would be followed.
NOWHERE = "/nowhere/train.py"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person knows of a script, and the oracle has to be told."""

    launches: Launches = ONCE  # arguments of each launch; all launches share one folder
    schedule: Literal["", "epoch", "batch"] = ""  # what its learning-rate scheduler counts
    others_print: bool = False  # some prints are out of the Accelerator's reach, so process 1 repeats them
    reads_ahead: bool = False  # Hugging Face Accelerate reads a batch ahead, which shifts augmentation against dropout


FACTS = {
    "01_base_loop": Facts(schedule="batch"),
    "02_device_parameter": Facts(launches=(("--save-model",),), schedule="epoch", others_print=True),
    "03_globals": Facts(schedule="epoch"),
    "07_gan_batchnorm": Facts(others_print=True),
    "08_per_epoch_scheduler": Facts(schedule="epoch"),
    "09_per_batch_scheduler": Facts(schedule="batch"),
    "12_resume_and_best": Facts(launches=((), ("--resume", "checkpoint.pth.tar")), schedule="epoch", others_print=True),
    "13_early_return": Facts(launches=((), ("--evaluate",))),
    "15_variable": Facts(others_print=True),
    "20_phases": Facts(schedule="epoch"),
    "22_conditional_model": Facts(launches=((), ("--arch", "conv", "--optim", "Adam", "--schedule")), schedule="epoch"),
    "24_already_migrated": Facts(schedule="epoch"),
    "29_augmentation": Facts(reads_ahead=True),
    "30_iterations": Facts(others_print=True),
}


@dataclass(frozen=True, slots=True)
class Script:
    """One folder of ``fixtures/``; one without an ``after.py`` holds a script that must stay as it is."""

    name: str
    before: str
    after: str | None
    facts: Facts

    @property
    def after_path(self) -> Path:
        """Where the expected text is kept."""
        return FIXTURES / self.name / "after.py"


def _text(path: Path) -> str | None:
    return path.read_bytes().decode() if path.is_file() else None


def scripts() -> list[Script]:
    """List the scripts, in the order of their names."""
    folders = sorted(path.parent for path in FIXTURES.glob("*/before.py"))
    return [
        Script(
            folder.name,
            (folder / "before.py").read_bytes().decode(),
            _text(folder / "after.py"),
            FACTS.get(folder.name, Facts()),
        )
        for folder in folders
    ]


def script(name: str) -> Script:
    """Find a script by its name."""
    return next(one for one in scripts() if one.name == name)


def report(text: str, settings: Settings = Settings()) -> ProgramReport:  # noqa: B008 - frozen
    """Migrate a text that lies in a folder of its own."""
    found = pipeline.run_text(text, NOWHERE, settings)
    assert not found.problems, [str(problem) for problem in found.problems]
    return found


def migrated(text: str, settings: Settings = Settings()) -> str | None:  # noqa: B008 - frozen
    """Give the new text, or None where it stays."""
    return next((file.text for file in report(text, settings).files if file.text is not None), None)


def items(text: str, settings: Settings = Settings()) -> list[Item]:  # noqa: B008 - frozen
    """List the edits and the findings."""
    return [item for file in report(text, settings).files for item in file.items]
