from __future__ import annotations

import pytest

from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Unwrap, Wrap
from migrator.source.compose.normalize import has_no_effect, normalize
from tests.source.request import read, statement

CONDITIONS = [
    ("a", True), ("not a.b and c[0] > 1", True), ("a is None or b in (1, 2)", True), ("__name__ == '__main__'", True),
    ("torch.cuda.is_available()", True), ("torch.cuda.device_count() > 1", True), ("len(a) == 2", True),
    ("isinstance(a, b)", True), ("hasattr(a, 'b')", True), ("os.path.exists(a)", True), ("int(a['b']) != -1", True),
    ("os.environ.get('a')", True), ("f'{a}' == 'b'", True), ("queue.get()", False), ("a()", False), ("a.pop()", False),
    ("dist.init()", False), ("isolate(a)", False), ("(a := b)", False), ("next(a)", False), ("a and b()", False),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "harmless"), CONDITIONS)
def test_a_condition_has_no_effect_when_it_does_nothing_but_answer(condition: str, harmless: bool) -> None:
    (node,) = read(f"if {condition}: pass\n").nodes(s.If)
    assert has_no_effect(node.test) is harmless


def test_what_is_asked_for_inside_what_goes_falls_away() -> None:
    module = read("if a:\n    with b:\n        c\n    d\n")
    inner, last = statement(module, "with"), statement(module, "d")
    assert isinstance(inner, s.With)
    outcome = normalize(
        [Drop(module.nodes(s.If)[0]), Unwrap(inner), Wrap(inner, last, "if h:"), Insert(inner.body, 0, ("new",))]
    )
    assert (outcome.unwrapped, outcome.wraps, outcome.inserts) == (set(), {}, {})


def test_emptied_blocks_act_on_their_owners_from_the_inside_out() -> None:
    module = read("if a:\n    if b:\n        c\n    else:\n        d\nelse:\n    e\n")
    outer, inner = module.nodes(s.If)
    outcome = normalize([Drop(statement(module, "c")), Drop(statement(module, "d"))])
    assert outcome.emptied == {inner}
    assert outcome.dropped_arms == {inner.orelse}
    assert outcome.negated == {outer}
    assert outcome.needs_pass == set()
