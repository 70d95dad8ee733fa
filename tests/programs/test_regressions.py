"""Counter-examples that were found in other people's code, told in scripts of our own: each is what its header says.

A folder is one program. What a header can say, expectation.py tells.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline
from migrator.project.scan import candidates
from migrator.report.report import FileReport
from tests.programs.expectation import Expectation, Misspelt, expectations

FOLDER = Path(__file__).with_name("regressions")
PROGRAMS = sorted(path for path in FOLDER.iterdir() if path.suffix == ".py" or any(path.rglob("*.py")))
HEADINGS = ("# Should", "# Why", "# Seen")


def files(program: Path) -> list[Path]:
    return sorted(program.rglob("*.py")) if program.is_dir() else [program]


@cache
def reported(program: Path) -> dict[str, FileReport]:
    """What is said of each file, by its path."""
    reports = list(pipeline.run(candidates([str(path) for path in files(program)]), Settings()))
    assert [problem for report in reports for problem in report.problems] == []
    return {str(Path(file.source.path)): file for report in reports for file in report.files}


def said() -> list[tuple[Path, Path, Expectation]]:
    found = []
    for program in PROGRAMS:
        for path in files(program):
            found += [(program, path, item) for item in expectations(path.read_text(encoding="utf-8"))]
    return found


def case(program: Path, path: Path, item: Expectation):
    mark = [pytest.mark.xfail(strict=True, raises=AssertionError, reason=item.reason)] if item.reason else []
    return pytest.param(
        program, path, item, id=f"{path.relative_to(FOLDER)} {item.comment.removeprefix('# expect')}", marks=mark
    )


@pytest.mark.parametrize(("program", "path", "item"), [case(*one) for one in said()])
def test_it_is_as_its_header_says(program: Path, path: Path, item: Expectation) -> None:
    assert item.holds(path.read_text(encoding="utf-8"), reported(program).get(str(path)))


@pytest.mark.parametrize("program", [pytest.param(path, id=path.stem) for path in PROGRAMS])
def test_every_header_is_complete(program: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in files(program)]
    words = [line.partition(":")[0] for text in texts for line in text.splitlines() if line.startswith("# ")]
    assert [word for word in words if word in HEADINGS] == [*HEADINGS]
    items = [expectations(text) for text in texts]
    assert ("# Now" in words) == any(item.reason for found in items for item in found), "Now: what is not right yet"
    assert any(any(not item.is_outcome and not item.reason for item in found) for found in items)
    assert all(sum(item.is_outcome and not item.reason for item in found) == 1 for found in items if found)


SCRIPT = """\
import torch
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in DataLoader([1.0]):
    loss = model(x).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("# expect: migrated", "# expect: refused", id="another outcome"),
        pytest.param("# expect text: accelerator.backward(loss)", "# expect text: loss.backward()", id="another text"),
        pytest.param(
            "# expect no text: loss.backward()", "# expect no text: backward(loss)", id="a text that is there"
        ),
        pytest.param("# expect: MIG211", "# expect: MIG901", id="another finding"),
        pytest.param('# expect: MIG211 at "for x"', '# expect: MIG211 at "model ="', id="in another line"),
        pytest.param(
            '# expect edit: MIG001 says "Accelerator()"', '# expect edit: MIG001 says "cpu="', id="in other words"
        ),
        pytest.param("# expect no: MIG901", "# expect no: MIG211", id="a finding that is there"),
        pytest.param("# expect edit: MIG301", "# expect: MIG301", id="an edit is no finding"),
        pytest.param("# expect: MIG211", "# expect edit: MIG211", id="a finding is no edit"),
    ],
)
def test_a_wrong_expectation_fails(right: str, wrong: str) -> None:
    (file,) = pipeline.run_text(SCRIPT, "train.py", Settings()).files
    assert [item.holds(SCRIPT, file) for item in expectations(f"{right}\n{wrong}\n")] == [True, False]


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("# expect: moved", id="another word"),
        pytest.param("# expect: MIG9", id="half of a code"),
        pytest.param("# expect no: migrated", id="an outcome that is denied"),
        pytest.param("# expect! text: accelerator", id="an expected failure without a reason"),
        pytest.param("# expects: migrated", id="another beginning"),
    ],
)
def test_an_expectation_that_says_nothing_is_an_error(comment: str) -> None:
    with pytest.raises(Misspelt):
        expectations(f"{comment}\n")
