"""The judges, on traces made by hand."""

from __future__ import annotations

import math

import pytest

from migrator.report.report import FileReport, Item, Level
from migrator.source.text import make_source
from migrator.verify.edits import Edit, nearest
from migrator.verify.judge import compare, samples
from migrator.verify.judge.alone import original_differs_from_itself
from migrator.verify.judge.cause import find
from migrator.verify.judge.compare import Drift
from migrator.verify.judge.explained import explained
from migrator.verify.judge.output import figures_differ, form, unstable_forms
from migrator.verify.judge.together import draws_in_steps, schedules_in_batches
from migrator.verify.result import Finding, Outcome
from migrator.verify.trace import Backward, Begin, Block, End, Fetch, Finish, Schedule, Step, Trace, from_line, to_line


def step(norm: float = 1.0, rate: float = 0.1, streams: str = "a", parameters: str = "p") -> Step:
    return Step(0, "SGD", (rate,), (Block(parameters, norm, (norm / 2, 0.0)),), streams, "train.py:9")


def fetch(*indices: int, walk: int = 0, size: int | None = 8, streams: str = "a") -> Fetch:
    return Fetch(walk, "Rows", size, indices, streams, "train.py:5")


def trace(*events: object) -> Trace:
    return Trace([*events, End("finished", "", "a", False)])


def test_events_are_read_as_they_were_written() -> None:
    for event in (step(), fetch(1, 2), Finish(3), Backward(math.inf, ""), Schedule(0, "StepLR", "a.py:1")):
        assert from_line(to_line(event)) == event


# ---------------------------------------------------------------- rounding


def test_rounding_may_grow_but_not_jump() -> None:
    drift = Drift()
    assert [drift.explains(off) for off in (1e-7, 5e-5, 4e-4, 3e-3, 2e-2, 4e-2)] == [True] * 6
    assert not drift.explains(6e-2)
    assert not Drift().explains(1e-3)


def test_numbers_that_are_none_are_equal_to_one_another_alone() -> None:
    assert compare.same(math.nan, math.nan)
    assert not compare.same(math.nan, 1.0)
    assert compare.off_by(math.nan, 1.0, 1.0) == math.inf
    assert compare.off_by(math.nan, math.nan, 1.0) == 0.0
    assert compare.off_by(math.inf, math.inf, 1.0) == 0.0


# ---------------------------------------------------------------- samples


def told(original: Trace, *ranks: Trace) -> list[Finding]:
    return list(samples.judge(original, ranks))


ALONE = trace(*(e for i in range(4) for e in (fetch(2 * i, 2 * i + 1), Backward(1.0, ""))), Finish(0))


def rank(*batches: tuple[int, ...], ended: bool = True) -> Trace:
    events: list[object] = [event for batch in batches for event in (fetch(*batch), Backward(1.0, ""))]
    return trace(*events, *([Finish(0)] if ended else []))


def test_each_sample_once_is_right() -> None:
    (finding,) = told(ALONE, rank((0, 1), (4, 5)), rank((2, 3), (6, 7)))
    assert finding.outcome is Outcome.EQUAL


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (rank((0, 1), (2, 3), (4, 5)), rank((6, 7), (0, 1), (2, 3)), "4 samples of Rows are read twice"),
        (rank((0, 1)), rank((2, 3)), "4 of 8 samples of Rows are read by no process"),
    ],
)
def test_samples_left_out_or_read_twice_are_told(one: Trace, other: Trace, expected: str) -> None:
    (finding,) = told(ALONE, one, other)
    assert finding.outcome is Outcome.DIFFERENT
    assert expected in finding.told


def test_a_small_dataset_read_by_every_process_is_no_padding() -> None:
    original = trace(*(e for i in (0, 4) for e in (fetch(i, i + 1, i + 2, i + 3), Backward(1.0, ""))), Finish(0))
    whole = rank((0, 1, 2, 3), (4, 5, 6, 7))
    (finding,) = told(original, whole, whole)
    assert "8 samples of Rows are read twice, where 0 are needed to fill the last round" in finding.told


def test_a_pass_that_was_broken_off_may_leave_samples_out() -> None:
    (finding,) = told(ALONE, rank((0, 1), ended=False), rank((2, 3), ended=False))
    assert finding.outcome is Outcome.EQUAL


def test_draws_with_replacement_may_repeat() -> None:
    original = trace(fetch(0, 0), Backward(1.0, ""), fetch(1, 1), Backward(1.0, ""), Finish(0))
    (finding,) = told(original, rank((3, 3)), rank((3, 3)))
    assert finding.outcome is Outcome.EQUAL


def test_an_evaluation_is_read_whole_by_every_process() -> None:
    def evaluated(first: int, *indices: int) -> Trace:
        return trace(fetch(first), Backward(1.0, ""), fetch(*indices, walk=1), Finish(1))

    (finding,) = told(evaluated(0, 0, 1, 2), evaluated(0, 0, 1, 2), evaluated(1, 1, 2))
    assert "process 1 evaluates other samples than one process does" in finding.told


# ---------------------------------------------------------------- schedules, streams, lines


def test_a_schedule_in_batches_is_known_by_two_steps_in_a_pass() -> None:
    by_batch, by_epoch = Schedule(0, "OneCycleLR", ""), Schedule(1, "StepLR", "")
    events = [fetch(0), step(), by_batch, fetch(1), step(), by_batch, Finish(0), by_epoch] * 2
    assert schedules_in_batches(trace(*events)) == (0,)
    assert schedules_in_batches(trace(step(), by_batch, step(), by_batch)) == ()


def test_draws_in_a_step_are_seen() -> None:
    assert not draws_in_steps(trace(fetch(0, streams="a"), step(streams="a")))
    assert draws_in_steps(trace(fetch(0, streams="a"), step(streams="b")))


def test_figures_may_differ_by_rounding_or_where_they_never_are_the_same() -> None:
    assert form("epoch 3: 1.5e-3 s") == "epoch #: # s"
    assert not figures_differ(["loss 1.000"], ["loss 1.001"], set())
    assert "line 1 is 'loss 2.0', where it was 'loss 1.0'" in figures_differ(["loss 1.0"], ["loss 2.0"], set())
    times = unstable_forms(["took 1 s", "loss 1"], ["took 2 s", "loss 1"])
    assert not figures_differ(["took 1 s"], ["took 9 s"], times)
    assert not figures_differ(["loss 1, 0.05s"], ["loss 1, 0.06s"], set(), tolerance=0.0)
    assert not figures_differ(["time: 3"], ["time: 4"], set())
    assert figures_differ(["1 step"], ["2 steps"], set())
    assert "is missing" in figures_differ(["a", "b"], ["a"], set())
    assert figures_differ(["loss 1.000"], ["loss 1.001"], set(), tolerance=0.0)


def test_an_original_that_does_not_repeat_itself_is_known() -> None:
    def run(loss: float) -> Trace:
        return trace(fetch(0), Backward(loss, ""), step(norm=loss))

    assert original_differs_from_itself(run(1.0), run(1.0)) == []
    assert {finding.aspect for finding in original_differs_from_itself(run(1.0), run(2.0))} == {"losses", "gradients"}


# ---------------------------------------------------------------- causes


def different(aspect: str, number: int | None) -> Finding:
    return Finding(aspect, Outcome.DIFFERENT, "", number, "train.py:9")


def cause(right: Trace, found: Trace, *findings: Finding, several: bool = False) -> str:
    named = find(findings, [right] * (1 + several), [found] * (1 + several), [])
    assert named is not None
    return named.name


def test_a_constant_factor_is_a_double_division() -> None:
    right, found = (trace(*(e for _ in range(3) for e in (Backward(k, ""), step(k)))) for k in (1.0, 0.5))
    assert cause(right, found, different("losses", 1), different("gradients", 1)) == "double division"


def test_the_earliest_difference_is_the_cause() -> None:
    run = trace(Backward(1.0, ""), step())
    assert cause(run, run, different("samples", 9), different("learning rates", 2)) == "scheduler cadence"
    assert cause(run, run, different("random streams", 1), different("losses", 3)) == "dropout stream"
    assert cause(run, run, different("console", None), different("parameters", 4)) == "optimizer"


def test_fewer_calls_are_a_missed_backward() -> None:
    right, found = trace(Backward(1.0, ""), Backward(2.0, "")), trace(Backward(1.0, ""))
    assert cause(right, found, different("losses", 1)) == "missed backward"


def test_a_first_loss_tells_of_where_the_training_starts() -> None:
    right, found = (trace(Backward(loss, ""), step(), Backward(1.0, "")) for loss in (1.0, 1.234567))
    assert cause(right, found, different("losses", 1)) == "starting point"


@pytest.mark.parametrize(("streams", "expected"), [("a", "data order"), ("b", "dropout stream")])
def test_other_samples_may_come_of_random_numbers_drawn_before(streams: str, expected: str) -> None:
    right, found = trace(Begin(0, "a"), fetch(0, 1)), trace(Begin(0, streams), fetch(1, 0))
    assert cause(right, found, different("samples", 1)) == expected


EDITS = [Edit("train.py", line, code, "") for line, code in ((3, "MIG201"), (8, "MIG301"), (9, "MIG702"))]


def test_the_edit_is_one_of_the_likeliest_rule() -> None:
    assert nearest(EDITS, ("MIG201", "MIG301"), "train.py:8") == EDITS[0]
    assert nearest(EDITS, ("MIG203", "MIG301"), "train.py:9") == EDITS[1]
    assert nearest(EDITS, (), "train.py:9") == EDITS[2]


def test_a_line_that_prints_and_was_not_migrated_is_named_itself() -> None:
    for line, code in ((9, "MIG702"), (12, "")):
        printed = Finding("console", Outcome.DIFFERENT, "", None, f"train.py:{line}")
        named = find([printed], [trace()], [trace(), trace()], EDITS)
        assert named is not None
        assert (named.code, named.place) == (code, f"train.py:{line}")


# ---------------------------------------------------------------- excuses


@pytest.mark.parametrize(("line", "outcome"), [(1, Outcome.DIFFERENT), (2, Outcome.EQUAL)])
def test_a_note_excuses_no_line_that_was_migrated(line: int, outcome: Outcome) -> None:
    migrated = Item(1, 1, "MIG702", "", Level.SAFE, 1, 9, applied=True)
    noted = Item(2, 1, "MIG702", "", Level.NOTE, 2, 9)
    old, new = "print(1)\nprint(2)\n", "accelerator.print(1)\nprint(2)\n"
    report = FileReport(make_source("train.py", old), (migrated, noted), new)
    printed = Finding("console", Outcome.DIFFERENT, "process 1 prints too", None, f"train.py:{line}")
    ((found,), _) = explained([printed], [("train.py", report)])
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("place", "outcome"), [("kit/utils.py:9", Outcome.EQUAL), ("utils.py:9", Outcome.DIFFERENT), ("", Outcome.EQUAL)]
)
def test_a_note_speaks_for_its_own_file_given_or_not(place: str, outcome: Outcome) -> None:
    noted = Item(2, 1, "MIG702", "", Level.NOTE, 2, 9)
    report = FileReport(make_source("kit/utils.py", "\nprint(2)\n"), (noted,))
    printed = Finding("console", Outcome.DIFFERENT, "process 1 prints too", None, place)
    ((found,), named) = explained([printed], [("kit/utils.py", report)])
    assert found.outcome is outcome
    assert named == (
        ["console: process 1 prints too (explained by MIG702 at kit/utils.py:2)"] if outcome is Outcome.EQUAL else []
    )
