"""Variables share what copies have not written, and behave as plain dictionaries would that are copied as a whole."""

from __future__ import annotations

import random

from migrator.inference.objects import Heap, Kind, Object, Value, join
from migrator.inference.variables import Variables, merge

Model = dict[Object, dict[str, Value]]

HEAP = Heap()
OWNERS = [HEAP.make(Kind.DICT, None, number) for number in range(3000)]  # several pages of them
VALUES = [HEAP.value(Kind.MODEL, None, number) for number in range(5)]


def _merged(one: Model, other: Model) -> Model:
    result = {owner: dict(names) for owner, names in one.items()}
    for owner, names in other.items():
        if owner not in result:
            result[owner] = dict(names)
        else:
            mine = result[owner]
            result[owner] = {name: join(mine.get(name), names.get(name)) for name in {**mine, **names}}
    return result


def test_they_hold_what_copied_dictionaries_would() -> None:
    chance = random.Random(5)
    pairs: list[tuple[Variables, Model]] = [(Variables(), {})]
    for _ in range(4000):
        index = chance.randrange(len(pairs))
        variables, model = pairs[index]
        owner, name, value = (
            chance.choice(OWNERS[:: chance.choice((1, 97))]),
            chance.choice("abc"),
            chance.choice(VALUES),
        )
        kind = chance.randrange(6)
        if kind < 3:
            variables.own(owner)[name] = value
            model.setdefault(owner, {})[name] = value
        elif kind == 3:
            variables.drop(owner)
            model.pop(owner, None)
        elif kind == 4 and len(pairs) < 6:
            pairs.append((variables.copy(), {owner: dict(names) for owner, names in model.items()}))
        elif kind == 5 and len(pairs) > 1:
            other, other_model = pairs.pop(index - 1)
            expected = _merged(model, other_model)
            assert merge(variables, other) is variables
            pairs[pairs.index((variables, model))] = (variables, expected)
    for variables, model in pairs:
        assert {owner: dict(variables.of(owner)) for owner in OWNERS if owner in variables} == model


def test_a_mark_tells_what_came_later() -> None:
    variables = Variables()
    variables.own(OWNERS[0])["a"] = VALUES[0]
    mark = variables.mark()
    variables.own(OWNERS[0])["a"] = VALUES[1]
    variables.own(OWNERS[2000])["b"] = VALUES[2]
    assert variables.added(mark) == {OWNERS[2000]: {"b": VALUES[2]}}


def test_only_a_difference_of_a_kind_that_decides_anything_tells() -> None:
    head = Variables()
    head.own(OWNERS[0])["a"] = VALUES[0]
    behind = head.copy()
    behind.own(OWNERS[0])["a"] = VALUES[0] | HEAP.value(Kind.CONSTANT, None, 1)
    assert not head.tells(behind)
    behind.own(OWNERS[0])["a"] = VALUES[1]
    assert head.tells(behind)


def test_what_a_call_reads_is_what_others_have_made() -> None:
    variables = Variables()
    variables.own(OWNERS[0])["a"] = VALUES[0]
    around = variables.record()
    variables.own(OWNERS[1])["a"] = VALUES[0]
    assert variables.of(OWNERS[0])
    assert variables.of(OWNERS[1])
    assert variables.recorded(around).owners == {OWNERS[0], OWNERS[1]}  # `own` asked whether there was anything
    around = variables.record()
    variables.put(OWNERS[2], {"a": VALUES[0]})
    assert variables.of(OWNERS[2])
    assert variables.recorded(around).owners == set()
