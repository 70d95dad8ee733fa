"""Every script of scripts/ says what its variables are (notation.py); the inference finds it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.inference.notation import Expectation, Inferred, Misspelt, expectations, texts_of

SCRIPTS = sorted(x for x in Path(__file__).with_name("scripts").iterdir() if x.suffix == ".py" or x.is_dir())


def said_by(script: Path) -> list[Expectation]:
    return [item for path, text in texts_of(script).items() for item in expectations(path, text)]


@cache
def inferred(script: Path) -> Inferred:
    return Inferred(texts_of(script))


def not_yet(script: Path, item: Expectation):
    mark = pytest.mark.xfail(strict=True, raises=AssertionError, reason=item.reason)
    return pytest.param(script, item, id=f"{script.stem} {item}", marks=mark)


NOT_YET = [not_yet(script, item) for script in SCRIPTS for item in said_by(script) if item.reason]


@pytest.mark.parametrize("script", [pytest.param(script, id=script.stem) for script in SCRIPTS])
def test_a_variable_is_what_its_line_says(script: Path) -> None:
    said = said_by(script)
    assert said, "a script without an expectation shows nothing"
    assert [text for item in said if not item.reason and (text := inferred(script).differs(item))] == []


@pytest.mark.parametrize(("script", "item"), NOT_YET)
def test_what_is_not_found_yet(script: Path, item: Expectation) -> None:
    assert inferred(script).differs(item) == ""


MODEL = "from torch import nn, optim\nmodel = nn.Linear(2, 1)\nmodel.eval()\n"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        pytest.param("x = model", "optimizer", id="another kind"),
        pytest.param("x = model", "model | optimizer", id="a kind too many"),
        pytest.param("x = model if f() else None", "model", id="a kind too few"),
        pytest.param("x = model", "nothing", id="nothing"),
        pytest.param("x = undefined", "unknown", id="opaque is not unknown"),
        pytest.param("x = model", "prepared model", id="not prepared"),
        pytest.param("x = model", "model `torch.nn.Conv2d`", id="another label"),
        pytest.param("x = optim.SGD(model.parameters())", "optimizer of x", id="of something else"),
        pytest.param("x = optim.SGD(model.parameters())", "optimizer of model, x", id="of something more"),
        pytest.param("x = nn.Linear(2, 1)", "model = model", id="another object of the kind"),
        pytest.param("for x in loader: pass", "batch on device", id="not moved"),
    ],
)
def test_a_wrong_expectation_fails(line: str, wrong: str) -> None:
    text = f"{MODEL}from torch.utils.data import DataLoader\nloader = DataLoader(data)\n{line}  # role: {wrong}\n"
    (item,) = expectations("train.py", text)
    assert Inferred({"train.py": text}).differs(item)


@pytest.mark.parametrize(
    ("comment", "error"),
    [
        pytest.param("role: modell", "is not in the notation", id="an unknown word"),
        pytest.param("role: y: model", "the line binds x", id="another variable"),
        pytest.param("role!: optimizer", "needs a reason", id="an expected failure without a reason"),
    ],
)
def test_an_expectation_that_says_nothing_is_an_error(comment: str, error: str) -> None:
    text = f"{MODEL}x = model  # {comment}\n"
    with pytest.raises(Misspelt, match=error):
        for item in expectations("train.py", text):
            Inferred({"train.py": text}).differs(item)
