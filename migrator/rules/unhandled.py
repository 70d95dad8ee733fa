"""Findings for unhandled sites: code that matters for training, and that no rule changes or reports."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Iterated
from migrator.rules.change import Change, Level, short
from migrator.rules.rule import Rule
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.components import key_of
from migrator.training.training import Training

_CUDA = re.compile(r"cuda(:(\d*|\{\}))?$")
_CUDA_TEXT = re.compile(r"""['"]cuda:\{""")
_DISTRIBUTED_APIS = ("torch.distributed.", "torch.cuda.set_device", "torch.nn.DataParallel", "torch.nn.parallel.")
_BUILT = re.compile(r"(^|\.)optim\.[A-Z]\w*$|(^|\.)\w*DataLoader$|lr_scheduler\.[A-Z]\w*$")
_MODULES = frozenset(
    {"dist", "distributed", "torch", "mp", "multiprocessing", "parallel", "cuda", "amp", "nn", "data", "utils", "misc"}
)


class Names:
    """The rule that a call belongs to by the name of the called function, if nothing else is known of it."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Collect the names that the rules are about."""
        rules = list(rules)
        self.distinctive = {name: rule.code for rule in rules for name in rule.distinctive_names}
        self.ordinary = {name: rule.code for rule in rules for name in rule.names}

    def code_of(self, func: s.Expression) -> str | None:
        """Give the code of the rule that a called expression belongs to."""
        name = func.name if isinstance(func, s.Attribute) else func.id if isinstance(func, s.Name) else ""
        if name in self.distinctive:
            return self.distinctive[name]
        return self.ordinary[name] if name in self.ordinary and _is_of_torch(func) else None


def find_unhandled(
    training: Training, names: Names, is_changed: bool, seen: set[s.Node], lines: set[tuple[Module, int]]
) -> Iterator[Change]:
    """Give advice for sites that no change and no other advice covers.

    Args:    is_changed: whether the program is edited. seen: nodes that changes report or cover. lines: lines that other
             findings explain.
    """
    for module in training.modules:
        for code, node, what in _sites(training, names, module, is_changed):
            if _is_seen(node, seen) or (module, module.where(node)[0]) in lines:
                continue
            lines.add((module, module.where(node)[0]))
            is_named = isinstance(node, s.Call) and names.code_of(node.func) == code
            level, why, reason, help = _verdict(training, code, node, is_named)
            yield Change(code, module, node, f"{what} was not changed: {why}", level=level, reason=reason, help=help)


def _verdict(training: Training, code: str, node: s.Node, is_named: bool) -> tuple[Level, str, str, str]:
    """How much an unchanged site matters, why it was not changed, the consequence, and what to do."""
    if isinstance(node, s.Call) and _is_undrawn(training, node):
        return Level.NOTE, "nothing in this program iterates over it", "harmless: it takes no part in the training", ""
    if _follows_tensor(node):
        return Level.NOTE, "it is the device of a tensor", "harmless: that tensor is on the right device", ""
    if training.handed_over:
        why = "the training steps are in code that was not read (MIG915)"
        return Level.NOTE, why, "nothing of this script can be migrated without that code", ""
    if not training.is_involved(node):
        why = "it takes no part in the training" if node in training.after.trace.values else "it is not executed here"
        return Level.NOTE, why, "harmless for the training that was analysed", ""
    if isinstance(node, s.Literal) and isinstance(node.parent, s.Compare) and ":" not in str(node.value):
        why = "it is compared with the type of a device"
        return Level.NOTE, why, "harmless: `accelerator.device` has that type too", ""
    level = Level.NOTE if code == "MIG707" else Level.REVIEW
    reason = "it may be wrong on several processes"
    if is_named:
        return level, "calls like this are not migrated", reason, f"see `migrate --explain {code}`"
    why = "its role in the training was not recognised"
    return level, why, reason, "check it before you start several processes"


def _follows_tensor(node: s.Node) -> bool:
    """Whether a device name is chosen by asking a tensor: ``"cuda" if x.is_cuda else "cpu"``."""
    parent = node.parent
    if not isinstance(parent, s.Conditional) or node is parent.test:
        return False
    return any(isinstance(x, s.Attribute) and x.name == "is_cuda" for x in parent.test.walk())


def _is_seen(node: s.Node | None, seen: set[s.Node]) -> bool:
    while node is not None and not isinstance(node, s.Block):
        if node in seen:
            return True
        node = node.parent
    return False


def _sites(training: Training, names: Names, module: Module, changed: bool) -> Iterator[tuple[str, s.Node, str]]:
    for call in module.nodes(s.Call):
        yield from _call_sites(training, names, module, call)
    for literal in module.nodes(s.Literal):
        if isinstance(literal.value, str) and _CUDA.match(literal.value) and not _is_idle(training, literal, changed):
            option = _is_option(literal)
            yield (
                "MIG707" if option else "MIG101",
                literal,
                f"The device `{module.text(literal)}`{' of this option' if option else ''}",
            )
    for text in module.nodes(s.Text):
        if _CUDA_TEXT.search(module.text(text)):
            yield "MIG101", text, f"The device `{short(module.text(text), 50)}`"
    for attribute in module.nodes(s.Attribute):
        if attribute.name.endswith("Tensor") and module.text(attribute).startswith("torch.cuda."):
            yield "MIG106", attribute, f"`{module.text(attribute)}`"
        elif attribute.name == "module" and not attribute.store and _may_be_model(training, module, attribute.value):
            yield "MIG504", attribute, f"`{module.text(attribute)}`"


def _call_sites(training: Training, names: Names, module: Module, call: s.Call) -> Iterator[tuple[str, s.Node, str]]:
    func = call.func
    name = func.name if isinstance(func, s.Attribute) else func.id if isinstance(func, s.Name) else ""
    if isinstance(func, s.Attribute) and name == "cuda" and module.text(func.value) != "torch":
        yield "MIG104", call, f"`{short(module.text(func.value), 50)}.cuda()`"
    elif isinstance(func, s.Attribute) and name == "backward" and not _is_ours(training, func):
        if _in_function_or_loop(call):
            yield "MIG301", call, f"`{short(module.text(func), 50)}()`"
    elif call not in training.after.trace.values and _BUILT.search(module.text(func)):
        yield "MIG201", call, f"`{short(module.text(func), 50)}(...)`"
    elif training.handed_over and _BUILT.search(module.text(func)):
        yield "MIG201", call, f"`{short(module.text(func), 50)}(...)`"
    elif _is_undrawn(training, call):
        yield "MIG201", call, f"`{short(module.text(func), 50)}(...)`"
    elif not training.required and any(x.kind is Kind.OPTIMIZER and x.site is call for x in training.value(call)):
        yield "MIG201", call, f"`{short(module.text(func), 50)}(...)`"
    elif (code := names.code_of(func)) is not None and not _is_local(training, func):
        yield code, call, f"`{short(module.text(func), 50)}`"


def _is_undrawn(training: Training, call: s.Call) -> bool:
    """Whether a call makes a loader that the program never iterates over."""
    made = {key_of(x.raw) for x in training.value(call) if x.kind is Kind.LOADER and x.site is call}
    return bool(made) and not any(key_of(event.item.raw) in made for event in training.events(Iterated))


def _is_of_torch(func: s.Node) -> bool:
    if isinstance(func, s.Name):
        return True
    value = func.value if isinstance(func, (s.Attribute, s.Subscript)) else None
    last = value.name if isinstance(value, s.Attribute) else value.id if isinstance(value, s.Name) else ""
    return last in _MODULES


def _is_local(training: Training, func: s.Node) -> bool:
    """Whether the name is that of a local function or class, or of one of Python's standard library."""
    values = training.value(func)
    if isinstance(func, s.Attribute) and any(x.kind is Kind.SCALER for x in training.value(func.value)):
        return False  # a local class may replace one that is not installed
    return bool(values) and all(
        (x.kind in (Kind.FUNCTION, Kind.CLASS, Kind.METHOD) and not _is_distributed(training, x))
        or (x.kind is Kind.LIBRARY and str(x.data).partition(".")[0] in sys.stdlib_module_names)
        for x in values
    )


def _is_distributed(training: Training, item: Object) -> bool:
    """Whether a local function does what its name says: it calls torch.distributed, wraps a model, or sets the device."""
    if item.kind is Kind.CLASS:
        return False
    calls = [x for x in item.data[0].body.walk() if isinstance(x, s.Call)]
    names = {str(x.data) for call in calls for x in training.value(call.func) if x.kind is Kind.LIBRARY}
    return any(name.startswith(_DISTRIBUTED_APIS) for name in names)


def _is_ours(training: Training, func: s.Attribute) -> bool:
    return any(x.kind in (Kind.ACCELERATOR, Kind.LIBRARY) for x in training.value(func.value))


def _in_function_or_loop(node: s.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, s.FunctionDef):
            return (
                node.name not in ("backward", "forward")
                or node.namespace.parent is None
                or node.namespace.parent.kind != "class"
            )
        if isinstance(node, (s.For, s.While)):
            return True
    return False


def _is_idle(training: Training, literal: s.Literal, changed: bool) -> bool:
    """Whether a device name is only compared with what a device is called, or is a docstring."""
    parent = literal.parent
    if isinstance(parent, s.Collection):
        parent = parent.parent
    if isinstance(parent, s.Compare):
        module = training.module_of(literal)
        here = [x for x in training.definitions if x.is_text and x.module is module] if changed else []
        texts = {x for item in here for x in item.devices}
        return any(
            (isinstance(x, s.Attribute) and x.name == "type")
            or (x is not literal and bool(training.value(x)) and training.value(x) <= texts)
            for x in [parent.left, *parent.comparators]
        )
    return isinstance(parent, s.Evaluate)


def _is_option(literal: s.Literal) -> bool:
    node: Any = literal
    while node is not None and not isinstance(node, s.Statement):
        if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and node.func.name == "add_argument":
            return True
        node = node.parent
    return False


def _may_be_model(training: Training, module: Module, node: s.Node) -> bool:
    if isinstance(node, s.Name) and node.id in ("self", "cls"):
        return False
    if any(x.kind in (Kind.MODEL, Kind.PART) for x in training.value(node)):
        return True
    return bool(
        re.search(r"(model|net|ddp|gen|disc|encoder|decoder|student|teacher|\b[gd])$", module.text(node), re.IGNORECASE)
    )
