"""The parts that objects play, as `--roles` tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline

FIXTURES = Path(__file__).parents[2] / "fixtures"


def parts(name: str) -> list[str]:
    text = (FIXTURES / name / "before.py").read_text(encoding="utf-8")
    return pipeline.run_text(text, "train.py", Settings(roles=True)).roles.split("\n\n")[1].splitlines()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("09_per_batch_scheduler", "scheduler: stepped for each batch, so it is prepared", id="per batch"),
        pytest.param("08_per_epoch_scheduler", "scheduler: stepped once an epoch, so it is not", id="per epoch"),
        pytest.param("10_plateau", "scheduler: stepped with a metric, so it is not prepared", id="on a metric"),
        pytest.param("11_metrics", "evaluation loader: no training loop reads its batches", id="evaluation"),
        pytest.param("19_frozen_teacher", "trained model: `torch.optim.SGD` steps its parameters", id="trained"),
    ],
)
def test_each_part_is_told_with_what_shows_it(name: str, expected: str) -> None:
    assert any(expected in line for line in parts(name))


def test_a_frozen_teacher_is_no_trained_model() -> None:
    assert sum("trained model" in line for line in parts("19_frozen_teacher")) == 1
