"""What conditions say: comparisons, their combinations, and which way a settled one goes."""

from __future__ import annotations

from migrator.inference.element import computed, join_all
from migrator.inference.evaluate import constant, evaluate
from migrator.inference.interpreter import Evaluators, Interpreter
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.place import record_meeting
from migrator.inference.trace import Compared
from migrator.source import syntax as s


def _unary(interpreter: Interpreter, node: s.Unary) -> Value:
    value = evaluate(interpreter, node.operand)
    if node.operator == "not":
        truth = truth_of(value)
        return (
            constant(interpreter, not truth, settled=True) if truth is not None else _as_flag(interpreter, node, value)
        )
    return computed(interpreter, (value,))


def _boolean(interpreter: Interpreter, node: s.Boolean) -> Value:
    left, right = evaluate(interpreter, node.left), evaluate(interpreter, node.right)
    if any(item.kind is Kind.FLAG for item in (*left, *right)):
        return interpreter.heap.value(Kind.FLAG, node)
    return join(left, right)


def _as_flag(interpreter: Interpreter, node: s.Node, value: Value) -> Value:
    return interpreter.heap.value(Kind.FLAG, node) if any(item.kind is Kind.FLAG for item in value) else UNKNOWN


def _compare(interpreter: Interpreter, node: s.Compare) -> Value:
    values = [evaluate(interpreter, node.left), *(evaluate(interpreter, item) for item in node.comparators)]
    for value, part in zip(values, (node.left, *node.comparators), strict=True):
        for item in value:
            interpreter.record(Compared, part, item, node)
    if len(values) == 2:
        answer = _decide(node.operators[0], values[0], values[1])
        if answer is not None:
            return constant(interpreter, answer, settled=True)
    record_meeting(interpreter, node, values)
    return computed(interpreter, values)


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


def _conditional(interpreter: Interpreter, node: s.Conditional) -> Value:
    if asks_for_wrapper(node.test):  # model.module if hasattr(model, "module") else model
        evaluate(interpreter, node.test)
        return frozenset(x.raw for x in (*evaluate(interpreter, node.body), *evaluate(interpreter, node.orelse)))
    truth = truth_of(evaluate(interpreter, node.test))
    body = evaluate(interpreter, node.body) if truth is not False else NOTHING
    orelse = evaluate(interpreter, node.orelse) if truth is not True else NOTHING
    if truth is None and any(item.kind is Kind.FLAG for item in interpreter.trace.values[node.test]):
        if {item.kind for item in (*body, *orelse)} <= {Kind.CONSTANT}:  # True if torch.cuda.is_available() else False
            return interpreter.heap.value(Kind.FLAG, node)
    return join_all(value for value in (body, orelse) if value)


def asks_for_wrapper(test: s.Node) -> bool:
    """Whether a condition is ``hasattr(model, "module")``."""
    if not isinstance(test, s.Call) or not isinstance(test.func, s.Name) or test.func.id != "hasattr":
        return False
    name = test.argument(1)
    return isinstance(name, s.Literal) and name.value == "module"


EVALUATORS: Evaluators = {
    s.Unary: _unary,
    s.Boolean: _boolean,
    s.Compare: _compare,
    s.Conditional: _conditional,
}
