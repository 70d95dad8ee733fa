"""Several processes against one that takes their batches as one."""

from __future__ import annotations

import pytest

from migrator.verify.judge.together import judge_joined
from migrator.verify.result import Outcome
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import script


@pytest.mark.parametrize(
    ("name", "are_equal"), [("01_base_loop", True), ("08_per_epoch_scheduler", True), ("07_gan_batchnorm", False)]
)
def test_a_mean_over_samples_is_the_same_and_batch_normalisation_is_not(
    runner: Runner, name: str, are_equal: bool
) -> None:
    right = script(name)
    assert right.after is not None
    (original,) = runner.alone(right.before)
    (ranks,) = runner.together(right.after)
    findings, differences = judge_joined(ranks, runner.joined(right.before, original, ranks))
    if are_equal:
        assert [finding.outcome for finding in findings] == [Outcome.EQUAL]
        assert (
            "one process that takes the 2 batches of each step as one has the same gradients at each of"
            in findings[0].told
        )
        assert not differences
    else:
        assert not findings
        assert "has other gradients, of norm" in differences[0]
        assert "batch normalisation" in differences[0]
