"""Device names: comparisons with a name, and command-line options."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.rules.change import Change, Step
from migrator.rules.fact import FOR_PREPARED
from migrator.rules.rule import DerivedRule, Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Replace
from migrator.source.module import Module
from migrator.training.device import is_accelerated, is_indexed
from migrator.training.training import Training


class DeviceCompare(Rule):
    """Compare a device by its type.

    What: `device == torch.device("cuda")` and `str(device) == "cuda:0"` become `device.type == "cuda"`.
    Why: each process has its own device: on the second one `accelerator.device` is `cuda:1`, and both comparisons fail.
    Safety: safe where the variable only ever holds the device that becomes `accelerator.device`.
    Source: torch.device; Accelerate's `Accelerator.device`.
    """

    code = "MIG110"
    name = "device-compare"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        ours = (
            {x for item in training.definitions for x in item.devices if not item.is_text}
            if training.required
            else set()
        )
        for module in training.modules if ours else ():
            for node in module.nodes(s.Compare):
                if len(node.operators) == 1 and node.operators[0] in ("==", "!=") and training.is_involved(node):
                    yield from self._change(training, module, node, ours)

    def _change(self, training: Training, module: Module, node: s.Compare, ours: set[Object]) -> Iterator[Change]:
        for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
            device, is_text = _device_in(one)
            values = training.value(device)
            named = _type_named(training, other, is_text)
            if values and values <= ours and named:
                text = module.text(device)
                yield Change(
                    self.code, module, node, f"Compare `{text}.type` instead of the device, which has another index on each process",
                    (
                        Step(module, node, Replace(module.outer(one), f"{text}.type")),
                        Step(module, node, Replace(module.outer(other), f'"{named}"')),
                    ),
                    requires=FOR_PREPARED,
                )  # fmt: skip
                return


def _device_in(node: s.Node) -> tuple[s.Node, bool]:
    """The device that an operand is about, and whether it is compared as text: ``str(device)``."""
    if isinstance(node, s.Call) and isinstance(node.func, s.Name) and node.func.id == "str" and len(node.args) == 1:
        return node.args[0].value, True
    return node, False


def _type_named(training: Training, node: s.Node, is_text: bool) -> str:
    """The type of the accelerated device that the other operand names; empty where it names none."""
    if is_text != isinstance(node, s.Literal):
        return ""
    values = training.value(node)
    plain = [x for x in values if x.kind is Kind.DEVICE and is_accelerated(x) and not is_indexed(x)]
    if not isinstance(node, (s.Literal, s.Call)) or not plain or len(plain) != len(values):
        return ""
    return str(plain[0].data).partition(":")[0]


class DeviceOption(DerivedRule):
    """Report command-line options for a device, which are kept.

    What: `--gpu`, `--device`, `--no-cuda`, `--local_rank` are kept, so that existing command lines still work. `--no-cuda`
    is also passed on as `Accelerator(cpu=...)`.
    Why: a device that the user chooses is either used or blocks the program (MIG101, MIG905); it is never ignored.
    Safety: never edits.
    Source: README, "Limits".
    """

    code = "MIG707"
    name = "device-option"
    effect = Effect.NOTES


RULES: tuple[type[Rule], ...] = (DeviceCompare, DeviceOption)
