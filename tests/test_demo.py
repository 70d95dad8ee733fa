"""The demonstration of the README, on a script and an engine of the tests' own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import demo

ROOT = Path(__file__).parents[1]
FAKE = [sys.executable, str(ROOT / "tests" / "fake.py")]
TRAIN = """\
import torch

model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(20):
    optimizer.zero_grad()
    loss = model(torch.ones(8, 4)).square().mean()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.slow
def test_it_migrates_trains_three_times_and_shows_the_curves(tmp_path: Path, capfd) -> None:
    script = tmp_path / "script.py"
    script.write_text(TRAIN)
    code = demo.main([str(script)], FAKE)
    shown, errors = capfd.readouterr()
    assert code == 0, errors
    assert "$ migrate train.py --diff\n--- train.py\n+++ train.py\n" in shown
    assert "(exit code 1)" in shown
    assert "1 file changed (1 edit).\nLaunch with `torchrun --nproc_per_node 2 train.py` or `python train.py`." in shown
    assert [line[:24].strip() for line in shown.splitlines() if "█" in line] == [
        "original, 1 process",
        "migrated, 1 process",
        "migrated, 2 processes",
    ]
    assert "all 20 losses are equal, to the last bit." in shown
    assert script.read_text() == TRAIN  # only a copy was migrated


def test_it_insists_on_the_exit_code_of_the_preview(tmp_path: Path, capfd) -> None:
    script = tmp_path / "script.py"
    script.write_text("import torch\n")
    assert demo.main([str(script)], FAKE) == 1
    assert "migrate --diff ended with exit code 0 instead of 1" in capfd.readouterr().err


def test_a_training_that_differs_is_a_failure() -> None:
    with pytest.raises(demo.Failure, match="first difference: step 1"):
        demo.explain([1.0, 0.5], [1.0, 0.6], [1.0, 0.5])


def test_losses_that_are_not_finite_are_a_failure() -> None:
    with pytest.raises(demo.Failure, match="not finite"):
        demo.explain([1.0, 0.5], [1.0, 0.5], [1.0, float("nan")])


def test_sharded_data_is_explained_by_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    demo.explain([1.0, 0.5], [1.0, 0.5], [0.9])
    assert "in 1 step instead of 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("losses", "width", "bars"),
    [
        pytest.param([8.0, 1.0], 2, "█▁", id="a step a column"),
        pytest.param([4.5] * 3, 3, "▅▅▅", id="level"),
        pytest.param([8.0] * 4 + [1.0] * 4, 4, "██▁▁", id="more steps than columns"),
        pytest.param([8.0, 1.0], 4, "██▁▁", id="fewer steps than columns"),
        pytest.param([8.0, 8.0, 1.0], 2, "█▅", id="uneven columns"),
    ],
)
def test_a_curve_is_as_wide_as_asked_whatever_its_length(losses: list[float], width: int, bars: str) -> None:
    assert demo.curve(losses, width, low=1.0, high=8.0) == bars
