"""Conditions about a device as formulas, so that two of them can be proven to say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from migrator.inference.never_run import asks_for_main
from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.training.device import DeviceCondition, Devices

_CUDA, _MPS = "there is CUDA", "there is MPS"
MACHINE = frozenset({_CUDA, _MPS})
_MOST_CONDITIONS = 10  # all their combinations are tried
_POSITIVE = {"!=": "==", "not in": "in", "is not": "is"}
_NAMED = frozenset({Kind.LIBRARY, Kind.FLAG})


@dataclass(frozen=True, slots=True)
class Branch:
    """``then`` where the test is true, else ``otherwise``."""

    test: Formula
    then: Formula
    otherwise: Formula


# a bool; the text of a condition; None: has no value, so that it does not matter
Formula: TypeAlias = "Branch | str | bool | None"


def evaluate(formula: Formula, facts: Mapping[str, bool]) -> bool | None:
    """Give the value of a formula where some conditions are true and the others false."""
    while isinstance(formula, Branch):
        test = evaluate(formula.test, facts)
        formula = None if test is None else formula.then if test else formula.otherwise
    return facts[formula] if isinstance(formula, str) else formula


def conditions_in(formula: Formula) -> frozenset[str]:
    """Give all conditions that a formula mentions."""
    if isinstance(formula, Branch):
        return conditions_in(formula.test) | conditions_in(formula.then) | conditions_in(formula.otherwise)
    return frozenset({formula}) if isinstance(formula, str) else frozenset()


def has_gaps(formula: Formula) -> bool:
    """Whether a formula has no value on some path."""
    if isinstance(formula, Branch):
        return has_gaps(formula.test) or has_gaps(formula.then) or has_gaps(formula.otherwise)
    return formula is None


def agree(chosen: Formula, wanted: Formula) -> bool:
    """Whether two formulas say the same on every machine with an accelerator, of the kinds that the first one asks for.

    Args:    chosen: what the script does; where that is None, anything agrees.
             wanted: what the argument of an Accelerator would do, which looks up itself what there is.
    """
    names = sorted((conditions_in(chosen) | conditions_in(wanted)) - MACHINE)
    if len(names) > _MOST_CONDITIONS:
        return False
    machines = [(True, False), (False, True), (True, True)] if _MPS in conditions_in(chosen) else [(True, False)]
    for values in product((False, True), repeat=len(names)):
        facts = dict(zip(names, values, strict=True))
        argument = evaluate(wanted, {**facts, _CUDA: True, _MPS: True})
        for cuda, mps in machines:
            found = evaluate(chosen, {**facts, _CUDA: cuda, _MPS: mps})
            if found is not None and found != argument:
                return False
    return True


def root_of(node: s.Node) -> s.Root:
    """Give the root of the module that a node is part of."""
    found: s.Node | None = node
    while not isinstance(found, s.Root):
        assert found is not None, "every node is part of a module"
        found = found.parent
    return found


class ConditionReader:
    """Reads conditions down to what there is and what the user typed."""

    def __init__(self, devices: Devices) -> None:
        self.devices = devices

    def used_under(self, condition: DeviceCondition) -> Formula:
        """Give the formula of a condition under which the accelerator is used."""
        if condition.text is None:
            return True
        plain = self.devices.condition_of(condition.node, condition.module)
        found = self.formula(condition.node)
        return Branch(found, False, True) if plain.negated != condition.negated else found

    def formula(self, node: s.Expression, seen: frozenset[s.Node] = frozenset()) -> Formula:
        """Give the formula of a condition; a variable stands for the one condition that it is assigned."""
        if asks_for_main(node):
            return True
        match node:
            case s.Unary(operator="not"):
                return Branch(self.formula(node.operand, seen), False, True)
            case s.Boolean():
                left, right = self.formula(node.left, seen), self.formula(node.right, seen)
                return Branch(left, right, False) if node.operator == "and" else Branch(left, True, right)
            case s.Conditional():
                arms = self.formula(node.body, seen), self.formula(node.orelse, seen)
                return Branch(self.formula(node.test, seen), *arms)
            case s.Literal() if node.value in (True, False):
                return bool(node.value)
            case s.Walrus():
                return self.formula(node.value, seen)
            case s.Compare() if len(node.comparators) == 1:
                return self._comparison(node)
            case s.Name() | s.Attribute():
                return self._variable(node, seen)
        return self._available(node) if self.devices.is_availability(node) else self._text(node)

    def _comparison(self, node: s.Compare) -> Formula:
        operator, other = node.operators[0], node.comparators[0]
        if self.devices.is_availability(node.left):
            value = other.value if isinstance(other, s.Literal) else None
            if (operator, value) in ((">", 0), (">=", 1), ("!=", 0), ("==", True)):
                return self._available(node.left)
            if (operator, value) in (("==", 0), ("<", 1), ("<=", 0)):
                return Branch(self._available(node.left), False, True)
            return self._text(node)
        text = f"{self._text(node.left)} {_POSITIVE.get(operator, operator)} {self._text(other)}"
        return Branch(text, False, True) if operator in _POSITIVE else text

    def _variable(self, node: s.Name | s.Attribute, seen: frozenset[s.Node]) -> Formula:
        values = self.devices.defining_values(node)
        kinds = (s.Boolean, s.Unary, s.Conditional, s.Compare, s.Name, s.Attribute, s.Call)
        if len(values) == 1 and values[0] not in seen and isinstance(values[0], kinds):
            found = self.formula(values[0], seen | {values[0]})
            if not isinstance(values[0], s.Call) or not isinstance(found, str) or found in (_CUDA, _MPS):
                return found
        return self._available(node) if self.devices.is_availability(node) else self._text(node)

    def _available(self, node: s.Expression) -> Formula:
        """What a question for an accelerator asks for: CUDA and its kin, MPS, or any."""
        names = {str(x.data) for part in node.walk() for x in self.devices.values(part) if x.kind in _NAMED}
        if any("accelerator" in name for name in names):
            return Branch(_CUDA, True, _MPS)
        if any(name.endswith("hasattr") for name in names):
            return True
        return _MPS if names and all("mps" in name for name in names if name.startswith("torch.")) else _CUDA

    def _text(self, node: s.Expression) -> str:
        root = root_of(node)
        module = next(m for m in self.devices.interpreter.modules if m.root is root)
        return " ".join(module.text(node).replace('"', "'").split())
