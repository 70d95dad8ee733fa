"""Which changes stand: requirements, obligations, groups, fallbacks, and what the Accelerator is made with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest

from migrator.plan.settlement import Settlement
from migrator.rules.change import Argument, Change, Level, Step, Way
from migrator.rules.fact import ACCELERATOR, PREPARED, UNBLOCKED, FactKind, prepare_obliges
from migrator.source import syntax as s
from migrator.source.block import Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.source.text import make_source

MODULE = Module(make_source("train.py", "one()\ntwo()\nthree()\n"))
ONE, TWO, THREE = MODULE.nodes(s.Call)
READY = FactKind("ready")
EDIT = Replace(Span(0, 0), "")


@dataclass(frozen=True)
class Selected:
    """All codes but some."""

    without: frozenset[str] = frozenset()

    def takes(self, change: Change) -> bool:
        return self.takes_code(change.code)

    def takes_code(self, code: str) -> bool:
        return code not in self.without


def edit(code: str, node: s.Node = ONE, **more: object) -> Change:
    return Change(code, MODULE, node, code, (Step(MODULE, node, EDIT),), **more)  # type: ignore[arg-type]


def finding(code: str, node: s.Node = ONE, **more: object) -> Change:
    return Change(code, MODULE, node, code, level=Level.REVIEW, **more)  # type: ignore[arg-type]


def settled(changes: Iterable[Change], without: Iterable[str] = (), *, unsafe: bool = False) -> Settlement:
    settlement = Settlement(changes, Selected(frozenset(without)), unsafe, {ACCELERATOR, UNBLOCKED})
    settlement.settle()
    settlement.close()
    return settlement


def codes(settlement: Settlement) -> list[str]:
    return [x.code for x in settlement.open]


def reasons(settlement: Settlement) -> dict[str, str]:
    return {x.change.code: x.reason for x in settlement.plan.withheld}


PREPARE = edit("PREPARE", requires=frozenset({ACCELERATOR, UNBLOCKED}), provides=frozenset({PREPARED}))
NEEDY = edit("NEEDY", requires=frozenset({PREPARED}))


def test_a_change_stands_where_another_one_provides_what_it_requires() -> None:
    assert codes(settled([NEEDY, PREPARE])) == ["NEEDY", "PREPARE"]


def test_a_change_without_what_it_requires_takes_along_what_requires_it() -> None:
    first = edit("FIRST", TWO, requires=frozenset({READY.of(THREE)}), provides=frozenset({READY.of(ONE)}))
    second = edit("SECOND", requires=frozenset({READY.of(ONE)}))
    settlement = settled([second, first])
    assert codes(settlement) == []
    assert [x.waits for x in settlement.plan.withheld] == [True, True]


def test_the_reason_is_the_last_cause_of_a_chain() -> None:
    last = edit("LAST", THREE, provides=frozenset({READY.of(THREE)}))
    first = edit("FIRST", TWO, requires=frozenset({READY.of(THREE)}), provides=frozenset({READY.of(ONE)}))
    second = edit("SECOND", requires=frozenset({READY.of(ONE)}))
    found = reasons(settled([second, first, last], ["LAST"]))
    assert found["FIRST"] == found["SECOND"] == "it needs LAST in train.py:3: LAST is not selected"


def test_facts_about_different_places_are_different() -> None:
    first = edit("FIRST", provides=frozenset({READY.of(ONE)}))
    assert codes(settled([first, edit("SECOND", TWO, requires=frozenset({READY.of(TWO)}))])) == ["FIRST"]


class TestObligations:
    """What a change obliges the provider of a fact to."""

    unwrap = edit("UNWRAP", TWO, provides=frozenset({READY.of(TWO)}), obliges=prepare_obliges(READY.of(TWO)))

    def test_are_met_by_the_change_itself(self) -> None:
        assert codes(settled([PREPARE, self.unwrap])) == ["PREPARE", "UNWRAP"]

    @pytest.mark.parametrize("how", ["not selected", "not safe", "a finding"])
    def test_hold_also_where_the_change_is_not_made(self, how: str) -> None:
        change = replace(self.unwrap, level=Level.UNSAFE) if how == "not safe" else self.unwrap
        if how == "a finding":
            change = finding("UNWRAP", TWO, obliges=prepare_obliges(READY.of(TWO)))
        settlement = settled([PREPARE, NEEDY, change], ["UNWRAP"] if how == "not selected" else [])
        assert codes(settlement) == []
        if how != "a finding":
            assert "it needs UNWRAP in train.py:2" in reasons(settlement)["PREPARE"]

    def test_may_be_met_by_a_change_of_another_family(self) -> None:
        other = edit("OTHER", TWO, provides=frozenset({READY.of(TWO)}))
        assert codes(settled([PREPARE, self.unwrap, other], ["UNWRAP"])) == ["PREPARE", "OTHER"]


class TestGroups:
    """Changes that stand or fall as one."""

    members = (edit("A", group="both"), edit("B", TWO, group="both"), edit("C", THREE))

    def test_stand_together(self) -> None:
        assert codes(settled(self.members)) == ["A", "B", "C"]

    def test_fall_together(self) -> None:
        settlement = settled(self.members, ["B"])
        assert codes(settlement) == ["C"]
        assert "withheld" in reasons(settlement)["A"]


class TestFallbacks:
    """What takes the place of a withheld change, for whatever reason it is withheld."""

    def test_for_a_rule_that_is_not_selected(self) -> None:
        settlement = settled([edit("FULL", fallback=edit("HALF"))], ["FULL"])
        assert codes(settlement) == ["HALF"]
        assert reasons(settlement) == {}

    def test_for_an_unsafe_change(self) -> None:
        change = edit("FULL", level=Level.UNSAFE, fallback=finding("TOLD"))
        assert [x.code for x in settled([change]).plan.advice] == ["TOLD"]
        assert codes(settled([change], unsafe=True)) == ["FULL"]

    def test_for_a_missing_requirement_down_to_the_last_one(self) -> None:
        last = finding("TOLD", TWO)
        change = edit(
            "FULL", requires=frozenset({READY.of(ONE)}), fallback=edit("HALF", level=Level.UNSAFE, fallback=last)
        )
        settlement = settled([change])
        assert codes(settlement) == []
        assert settlement.plan.advice == [last]

    def test_may_block_all_others(self) -> None:
        change = edit("FULL", TWO, requires=frozenset({READY.of(ONE)}), fallback=finding("STOP", TWO, blocks=True))
        settlement = settled([PREPARE, NEEDY, change])
        assert codes(settlement) == []
        assert "because of STOP in train.py:2" in reasons(settlement)["PREPARE"]


class TestArguments:
    """What the Accelerator is made with."""

    @staticmethod
    def change(code: str, name: str, text: str) -> Change:
        return Change(code, MODULE, ONE, code, arguments=(Argument(name, (Way(text),)),))

    def test_come_from_several_changes(self) -> None:
        settlement = settled([self.change("A", "cpu", "True"), self.change("B", "mixed_precision", "'fp16'")])
        assert [x.name for x in settlement.arguments()] == ["cpu", "mixed_precision"]

    def test_that_agree_are_given_once(self) -> None:
        settlement = settled([self.change("A", "cpu", "True"), self.change("B", "cpu", "True")])
        assert [x.name for x in settlement.arguments()] == ["cpu"]

    def test_that_clash_withhold_the_later_change_with_both_names(self) -> None:
        later = edit("LATER", TWO, arguments=(Argument("mixed_precision", (Way("'bf16'"),)),))
        settlement = settled([self.change("FIRST", "mixed_precision", "'fp16'"), later])
        assert codes(settlement) == ["FIRST"]
        reason = reasons(settlement)["LATER"]
        assert "mixed_precision='bf16'" in reason
        assert "FIRST" in reason
        assert "mixed_precision='fp16'" in reason


class TestBlockers:
    """Findings and missing changes that keep a program as it is."""

    def test_a_blocking_finding_withholds_what_must_not_be_made_beside_it(self) -> None:
        settlement = settled([PREPARE, NEEDY, finding("STOP", THREE, blocks=True)])
        assert codes(settlement) == []
        assert all(x.waits and not x.blocks for x in settlement.plan.withheld)

    def test_a_missing_change_that_preparing_requires_blocks_too(self) -> None:
        unwrap = edit("UNWRAP", TWO, provides=frozenset({READY.of(TWO)}), obliges=prepare_obliges(READY.of(TWO)))
        settlement = settled([PREPARE, NEEDY, unwrap], ["UNWRAP"])
        assert {x.change.code: x.blocks for x in settlement.plan.withheld} == {
            "UNWRAP": True, "PREPARE": False, "NEEDY": False,
        }  # fmt: skip

    def test_both_kinds_are_found_at_once(self) -> None:
        unwrap = edit("UNWRAP", TWO, provides=frozenset({READY.of(TWO)}), obliges=prepare_obliges(READY.of(TWO)))
        settlement = settled([PREPARE, unwrap, finding("STOP", THREE, blocks=True)], ["UNWRAP"])
        assert [x.code for x in settlement.plan.blockers] == ["STOP"]
        assert [x.change.code for x in settlement.plan.withheld if x.blocks] == ["UNWRAP"]

    def test_a_missing_change_that_nothing_waits_for_does_not(self) -> None:
        settlement = settled([PREPARE, edit("ALONE", TWO)], ["ALONE"])
        assert codes(settlement) == ["PREPARE"]
        assert [x.blocks for x in settlement.plan.withheld] == [False]


def test_what_an_accepted_change_covers_falls_silent_but_for_blockers() -> None:
    plan = settled([finding("OUT OF DATE", TWO), finding("OTHER", THREE), finding("STOP", TWO, blocks=True)]).plan
    plan.accepted = [edit("WHOLE", covers=frozenset({TWO.statement}))]
    plan.drop_covered()
    assert [x.code for x in plan.advice] == ["OTHER", "STOP"]
