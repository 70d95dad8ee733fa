"""What conditions say: comparisons, their combinations, and which way a settled one goes."""

from __future__ import annotations

from typing import Any

from migrator.roles.element import computed, join_all
from migrator.roles.evaluate import constant, evaluate, evaluator
from migrator.roles.place import note_meeting
from migrator.roles.role import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.roles.walk import Walk
from migrator.source import syntax as s


@evaluator(s.Unary)
def _unary(walk: Walk, node: s.Unary) -> Value:
    value = evaluate(walk, node.operand)
    if node.operator == "not":
        truth = truth_of(value)
        return constant(walk, not truth, settled=True) if truth is not None else _as_flag(walk, node, value)
    return computed(walk, (value,))


@evaluator(s.Boolean)
def _boolean(walk: Walk, node: s.Boolean) -> Value:
    left, right = evaluate(walk, node.left), evaluate(walk, node.right)
    if any(item.kind is Kind.FLAG for item in (*left, *right)):
        return walk.heap.value(Kind.FLAG, node)
    return join(left, right)


def _as_flag(walk: Walk, node: Any, value: Value) -> Value:
    return walk.heap.value(Kind.FLAG, node) if any(item.kind is Kind.FLAG for item in value) else UNKNOWN


@evaluator(s.Compare)
def _compare(walk: Walk, node: s.Compare) -> Value:
    values = [evaluate(walk, node.left), *(evaluate(walk, item) for item in node.comparators)]
    for value, part in zip(values, (node.left, *node.comparators), strict=True):
        for item in value:
            walk.note("compare", part, item, node)
    if len(values) == 2:
        answer = _decide(node.operators[0], values[0], values[1])
        if answer is not None:
            return constant(walk, answer, settled=True)
    note_meeting(walk, node, values)
    return computed(walk, values)


_DEFINITE = frozenset(Kind) - {Kind.ANY, Kind.UNBOUND, Kind.CONSTANT, Kind.OPAQUE, Kind.OPTION, Kind.PART}


def _decide(operator: str, left: Value, right: Value) -> bool | None:
    """Answer a comparison where what is compared is settled."""
    if operator in ("is", "is not", "==", "!=") and len(right) == 1:
        (wanted,) = right
        if wanted.kind is Kind.CONSTANT:
            answers = {_equals(item, wanted) for item in left}
            if len(answers) == 1 and None not in answers:
                answer = answers.pop()
                return answer if operator in ("is", "==") else not answer
    return None


def _equals(item: Object, wanted: Object) -> bool | None:
    if item.kind is Kind.CONSTANT and item.context == "settled":
        return bool(item.data == wanted.data)
    if item.kind in _DEFINITE and wanted.data[1] is None:
        return False
    return None


def truth_of(value: Value) -> bool | None:
    """Say whether a value is true, where that is settled."""
    answers = {
        bool(item.data[1]) if item.kind is Kind.CONSTANT and item.context == "settled" else None for item in value
    }
    return answers.pop() if len(answers) == 1 else None


@evaluator(s.Conditional)
def _conditional(walk: Walk, node: s.Conditional) -> Value:
    if asks_for_wrapper(node.test):  # model.module if hasattr(model, "module") else model
        evaluate(walk, node.test)
        return frozenset(x.raw for x in (*evaluate(walk, node.body), *evaluate(walk, node.orelse)))
    test = evaluate(walk, node.test)
    truth = truth_of(test)
    body = evaluate(walk, node.body) if truth is not False else NOTHING
    orelse = evaluate(walk, node.orelse) if truth is not True else NOTHING
    if truth is None and any(item.kind is Kind.FLAG for item in test):
        if {item.kind for item in (*body, *orelse)} <= {Kind.CONSTANT}:  # True if torch.cuda.is_available() else False
            return walk.heap.value(Kind.FLAG, node)
    return join_all(value for value in (body, orelse) if value)


def asks_for_wrapper(test: Any) -> bool:
    """Whether a condition is ``hasattr(model, "module")``."""
    if not isinstance(test, s.Call) or not isinstance(test.func, s.Name) or test.func.id != "hasattr":
        return False
    name = test.argument(1)
    return isinstance(name, s.Literal) and name.value == "module"
