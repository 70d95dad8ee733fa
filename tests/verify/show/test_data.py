"""The result as JSON: stable keys, exact numbers, and no number that JSON does not have."""

from __future__ import annotations

import json

import pytest

from migrator.verify.show import data
from tests.verify.show import sample


def _read(text: str) -> dict[str, object]:
    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("made", sample.ALL.values(), ids=sample.ALL)
def test_every_result_is_strict_json(made: object) -> None:
    document = _read(data.render(made()))  # type: ignore[operator]
    assert document["schema"] == data.SCHEMA == 1


def test_keys_are_stable() -> None:
    document = json.loads(data.render(sample.different()))
    assert list(document) == (
        "schema outcome script target processes device verdicts runs steps hunks notes versions".split()
    )
    verdict = document["verdicts"][0]
    assert list(verdict) == "promise title outcome summary findings cause differences".split()
    assert list(verdict["findings"][0]) == "aspect outcome told step place".split()
    assert list(verdict["cause"]) == "name why code place message".split()
    assert list(document["runs"][0]) == "name command seconds losses steps ended error stacks".split()
    assert list(document["steps"][0]) == "number losses norms rates".split()
    assert list(document["hunks"][0]) == "file lines edits".split()
    assert list(document["hunks"][0]["edits"][0]) == "code message".split()
    assert document["versions"] == dict(sample.VERSIONS)


def test_outcomes_are_words_and_no_cause_is_null() -> None:
    document = json.loads(data.render(sample.unverified()))
    assert document["outcome"] == "not verified"
    assert document["verdicts"][0]["cause"] is None


def test_numbers_keep_their_bits_and_what_is_none_is_a_word() -> None:
    result = sample.different()
    assert tuple(json.loads(data.render(result))["runs"][1]["losses"]) == result.runs[1].losses
    document = json.loads(data.render(sample.hostile()))
    assert document["runs"][0]["losses"] == ["nan", "inf", "-inf", 0.5, "nan", 1e305, -0.0, 5e-324]
    assert document["steps"][0]["losses"][2] is None


def test_texts_are_as_they_were_found() -> None:
    assert json.loads(data.render(sample.hostile()))["notes"] == [sample.HOSTILE]
