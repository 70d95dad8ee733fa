"""The demonstration of the README, on a script and an engine of the tests' own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import demo

ROOT = Path(__file__).parents[2]
FAKE = [sys.executable, str(ROOT / "tests" / "cli" / "fake.py")]
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
def test_it_previews_proves_and_writes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(TRAIN)
    code = demo.main([str(script)], FAKE)
    shown, errors = capfd.readouterr()
    assert code == 0, errors
    assert "$ migrate train.py --diff\n--- train.py\n+++ train.py\n" in shown
    assert "(exit code 1)" in shown
    assert "equal: train.py" in shown
    assert "20 losses, and the parameters after each of 20 steps, are equal to the" in shown
    assert "1 file changed (1 edit).\nLaunch with `torchrun --nproc_per_node 2 train.py`" in errors
    assert script.read_text() == TRAIN  # only a copy was migrated


def test_it_insists_on_the_exit_code_of_the_preview(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text("import torch\n")
    assert demo.main([str(script)], FAKE) == 1
    assert "migrate train.py --diff ended with exit code 0 instead of 1" in capfd.readouterr().err


@pytest.mark.slow
def test_a_training_that_differs_is_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(TRAIN.replace(".mean()", ".mean() * (1 + ('accelerator' in globals()))"))
    assert demo.main([str(script)], FAKE) == 1
    assert "migrate train.py --verify -- train.py ended with exit code 4 instead of 0" in capfd.readouterr().err
