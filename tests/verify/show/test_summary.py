"""The result for the terminal."""

from __future__ import annotations

import math
import re

import pytest

from migrator.verify.result import Result, Run
from migrator.verify.show.number import apart, seconds
from migrator.verify.show.plain import capital, line, plain, sentence
from migrator.verify.show.scale import counts, fit
from migrator.verify.show.summary import curve, lines
from tests.verify.show import sample

EQUAL = """\
equal: train.py --epochs 3 (cpu, 2 processes)

loss                                              first    last  losses
original               █▇▅▅▅▄▄▃▃▃▂▂▂▁▂▁▁▁▁▁▁▁▁▁  0.7000  0.0970      24
migrated               █▇▅▅▅▄▄▃▃▃▂▂▂▁▂▁▁▁▁▁▁▁▁▁  0.7000  0.0970      24
migrated, 2 processes  █▆▄▄▃▂▂▁▁▁▁▁              0.7000  0.0972      12

P1  equal: same numbers on one process. All 24 losses are equal to the last bit.
P2  equal: right numbers on 2 processes. The replicas agree after every step, and every sample is
    seen once an epoch.

P2  expected difference: a step trains on 2 batches of this loader, so an epoch has half as many
    steps

note: used in place, not copied: data
note: fixed in all runs: the seed of every random stream, one thread, deterministic algorithms"""

DIFFERENT = """\
train.py:27: P1 losses (from step 8 on)
    original 0.2624095348779083, migrated 0.2624095611188618
train.py:28: P1 gradients (from step 8 on)
    original 0.3271, migrated 0.3272
P1 random streams, not verified
    The original draws from a generator that cannot be read
    cause  order of the batch's move: The batches are the same, and the first loss that differs
           comes right after `accelerator.backward`.
    edit   train.py:27: MIG301 Replace `loss.backward()` with `accelerator.backward(loss)`

train.py:30: P2 learning rates (from step 4 on)
    0.25 after epoch 1 in the original, 0.0625 here
    cause  scheduler cadence: `scheduler` is stepped once an epoch, and a prepared scheduler steps
           once for each process.
    edit   train.py:22: MIG201 Pass `model`, `optimizer`, `loader`, `scheduler` through
           `accelerator.prepare`
"""

UNVERIFIED = """\
original: failed (3.2 s)
    Traceback (most recent call last):
      File "train.py", line 12, in <module>
        points = torch.load("data/points.pt")
    FileNotFoundError: [Errno 2] No such file or directory: 'data/points.pt'

migrated, 2 processes: cut after 60 s (1 min 0 s)
    ended without a word
"""


def test_what_is_equal_is_told_shortly() -> None:
    assert "\n".join(lines(sample.equal(), 100)) == EQUAL


def test_what_differs_is_told_with_values_step_place_and_cause() -> None:
    text = "\n".join(lines(sample.different(), 100))
    assert text.startswith("different: train.py --epochs 3 (cpu, 2 processes)\n")
    assert DIFFERENT in text
    assert "replicas" not in text  # they are equal


def test_failed_run_shows_its_error() -> None:
    text = "\n".join(lines(sample.unverified(), 100))
    assert text.startswith("not verified: ")
    assert UNVERIFIED in text
    assert "loss  " not in text  # there are no curves


@pytest.mark.parametrize("width", (40, 80, 100, 200))
@pytest.mark.parametrize("made", (sample.equal, sample.different, sample.long))
def test_lines_keep_to_the_width(made: object, width: int) -> None:
    longest = max(map(len, lines(made(), width)))  # type: ignore[operator]
    assert longest <= max(width, 80)


def test_no_escape_sequence_reaches_the_terminal() -> None:
    text = "\n".join(lines(sample.hostile(), 100))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
    text.encode("utf-8")


def test_curve_shows_what_is_not_finite() -> None:
    losses = (1.0, 0.5, math.nan, 0.0, math.inf)
    assert curve(losses, 5, fit(losses)) == "█▅×▁×" or curve(losses, 5, fit(losses)) == "█▄×▁×"


def test_curves_are_as_long_as_their_runs_beside_each_other() -> None:
    runs = tuple(Run(name, "", 1.0, (1.0,) * count, count, "finished") for name, count in (("a", 100), ("b", 1)))
    text = lines(Result("train.py", "runtime", 2, "cpu", (), runs), 100)
    bars = [len(re.findall("[▁-█]", row)) for row in text if re.match("[ab] ", row)]
    assert bars == [48, 1]


@pytest.mark.parametrize(
    ("values", "labels", "logarithmic"),
    (
        ((0.1, 0.9), ["0.2", "0.4", "0.6", "0.8"], False),
        ((2.0, 2.0), ["1.8", "1.9", "2.0", "2.1", "2.2"], False),
        ((0.0, 0.0), ["-1.0", "-0.5", "0", "0.5", "1.0"], False),
        ((-5.0, 5.0), ["-4", "-2", "0", "2", "4"], False),
        ((1e7, 3e7), ["1.0e7", "1.5e7", "2.0e7", "2.5e7", "3.0e7"], False),
        ((0.01, 1.0), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"], True),
        ((1e-9, 1e3), ["1e-8", "1e-6", "0.0001", "0.01", "1", "100"], True),
        ((math.nan, 1.0, 3.0, math.inf), ["1.0", "1.5", "2.0", "2.5", "3.0"], False),
        ((), ["-1.0", "-0.5", "0", "0.5", "1.0"], False),
    ),
)
def test_ticks_are_round(values: tuple[float, ...], labels: list[str], logarithmic: bool) -> None:
    scale = fit(values)
    assert ([tick.label for tick in scale.ticks], scale.logarithmic) == (labels, logarithmic)
    assert all(-1e-9 <= tick.at <= 1 + 1e-9 for tick in scale.padded.ticks)


@pytest.mark.parametrize(
    ("total", "expected"),
    (
        (1, [1]),
        (3, [1, 2, 3]),
        (12, [1, 5, 10]),
        (100, [1, 20, 40, 60, 80, 100]),
        (5000, [1, 1000, 2000, 3000, 4000, 5000]),
    ),
)
def test_counts_are_round(total: int, expected: list[int]) -> None:
    assert counts(total) == expected


def test_numbers_that_differ_are_never_written_alike() -> None:
    assert apart([(0.1,), (0.1,), None]) == ["0.1", "0.1", "–"]
    assert apart([(0.1,), (0.1000001,)]) == ["0.1", "0.1000001"]
    assert apart([(0.1,), (0.1 + 1.4e-17,)]) == ["0.10000000000000001", "0.10000000000000002"]
    assert apart([(0.0,), (-0.0,)]) == ["0", "-0"]
    assert apart([(math.nan, 1.0), (math.nan, 2.0)]) == ["nan, 1", "nan, 2"]


def test_durations_are_written_for_people() -> None:
    assert [seconds(value) for value in (0.04, 3.25, 60.0, 125.0)] == ["0.0 s", "3.2 s", "1 min 0 s", "2 min 5 s"]


def test_texts_of_others_are_made_plain() -> None:
    assert plain("\x1b[1;31mred\x1b[0m\r\n\tend \x1b]0;title\x07\x00\udcff") == "red\n\tend \\x00\\udcff"
    assert line("a\n  b\tc") == "a b c"


def test_sentences_begin_with_a_capital_unless_with_a_name() -> None:
    assert sentence("losses: 0.5 became 0.6") == "Losses: 0.5 became 0.6."
    assert sentence("It is so.") == "It is so." and sentence("") == ""
    assert [capital(text) for text in ("train.py fails", "`x` is", "n_steps is 3")] == [
        "train.py fails",
        "`x` is",
        "n_steps is 3",
    ]
