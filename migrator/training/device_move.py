"""Which calls move something to a device."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.training.device import DEVICE_WORD
from migrator.training.trained_program import TrainedProgram


def is_device_move(code: TrainedProgram, call: s.Call) -> bool:
    """Whether a call moves its receiver to a device (``x.to(torch.float16)`` does not)."""
    assert isinstance(call.func, s.Attribute)
    if any(x.kind in (Kind.LIBRARY, Kind.MODULE, Kind.INSTANCE, Kind.CLASS) for x in code.value(call.func.value)):
        return False
    if call.func.name == "cuda":
        return True
    target = call.argument(0, "device")
    return target is not None and is_device(code, target)


def is_device(code: TrainedProgram, node: s.Node) -> bool:
    """Whether an argument is a device: by what it is, else by its use here and a name that agrees."""
    values = code.value(node)
    if any(x.kind in (Kind.DEVICE, Kind.RANK) for x in values):
        return True
    if values and all(x.kind is Kind.CONSTANT and x.data[0] == "int" for x in values):
        return True
    name = node.name if isinstance(node, s.Attribute) else node.id if isinstance(node, s.Name) else ""
    return bool(name and DEVICE_WORD.search(name))


def keeps_more(call: s.Call) -> bool:
    """Whether a move also changes a dtype or memory format, and so has to stay."""
    rest = [arg for arg in call.args if arg.keyword not in ("device", "non_blocking", "async", "copy")]
    if call.func.name == "cuda":  # type: ignore[attr-defined]
        return False
    return len(rest) > 1 or any(arg.keyword in ("dtype", "memory_format") for arg in rest)
