"""Every script of scripts/ says in which of its lines it trains, and how (notation.py); the training model finds just these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.notation import found, said

NOTHING = {"nothing"}  # what a script says that does not train
SCRIPTS = sorted(Path(__file__).with_name("scripts").glob("*.py"))


@pytest.mark.parametrize("script", [pytest.param(script, id=script.stem) for script in SCRIPTS])
def test_these_lines_train(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    expected = said(text)
    assert expected, "a script without an expectation shows nothing"
    assert found(text) == ({} if NOTHING in expected.values() else expected)


@pytest.mark.parametrize(
    ("comment", "wrong"),
    [
        pytest.param("# training: step", "", id="a line without its comment"),
        pytest.param("# training: backward of model", "# training: backward of head", id="another model"),
        pytest.param("# training: loop; draw", "# training: loop", id="half of what a line does"),
        pytest.param("# training: scheduler per batch", "# training: scheduler per epoch", id="another cadence"),
    ],
)
def test_a_wrong_expectation_fails(comment: str, wrong: str) -> None:
    text = SCRIPTS[0].with_name("a_loop_over_batches.py").read_text(encoding="utf-8")
    assert comment in text
    wrong_text = text.replace(comment, wrong)
    assert found(wrong_text) != said(wrong_text)
