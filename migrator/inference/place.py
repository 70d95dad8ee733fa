"""Where tensors are: what moves do, and what can only be done on the CPU."""

from __future__ import annotations

from collections.abc import Iterable

from migrator.inference.arguments import Arguments
from migrator.inference.element import deep, roots
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object, Value
from migrator.inference.trace import NeededOnHost
from migrator.source import syntax as s

_MOVES = frozenset({"to", "cuda", "cpu", "xpu", "npu", "type"})
# packages that compute on the CPU alone
_HOST = frozenset({"numpy", "scipy", "sklearn", "skimage", "cv2", "PIL", "pandas", "matplotlib"})


def destination(name: str, args: Arguments) -> str:
    """Say where a method moves a tensor: to the "device", to the "cpu", or nowhere."""
    if name not in _MOVES:
        return ""
    if name == "cpu":
        return "cpu"
    target = args.get(None, "device") or args.get(0)
    if name == "type":
        return "device" if any(x.kind is Kind.TYPE and ".cuda." in str(x.data) for x in target) else ""
    if name != "to":
        return "device"
    if not target or all(x.kind is Kind.LIBRARY for x in target):  # a dtype
        return ""
    return "cpu" if all(x.kind is Kind.DEVICE and x.data == "cpu" for x in target) else "device"


def placed(interpreter: Interpreter, item: Object, where: str) -> Value:
    """Give a tensor as it is after a move."""
    if item.kind is Kind.TENSOR:
        return interpreter.heap.tensor(frozenset(interpreter.heap.place(x, where) for x in item.of))
    moved = interpreter.heap.single(interpreter.heap.place(item, where))
    return interpreter.heap.tensor(moved) if item.kind is Kind.BATCH and where == "cpu" else moved


def is_made_on_device(args: Arguments) -> bool:
    """Whether a factory says on which device its tensor is to be."""
    return any(x.kind is not Kind.CONSTANT for x in args.get(None, "device"))


def record_meeting(interpreter: Interpreter, node: s.Node, values: Iterable[Value]) -> None:
    """Note a batch that meets a tensor on the CPU before it was moved: it has to be there, too."""
    met = {item for value in values for item in roots(deep(interpreter, value))}
    moved = {(x.kind, x.site, x.of) for x in met if x.place == "device"}  # on some path: `if cuda: x = x.cuda()`
    here = [x for x in met if not x.place and (x.kind, x.site, x.of) not in moved]
    if any(x.place == "cpu" for x in met) or any(x.kind is Kind.FRESH for x in here):
        for item in here:
            if item.kind is Kind.BATCH:
                interpreter.record(NeededOnHost, node, item)


def record_host(interpreter: Interpreter, node: s.Call, value: Value) -> None:
    """Note what is read on the CPU without having been moved there: ``x.numpy()``."""
    found = roots(deep(interpreter, value))
    if not any(item.place == "cpu" for item in found):
        for item in found:
            if not item.place:
                interpreter.record(NeededOnHost, node, item)


def is_host(name: str) -> bool:
    """Whether a library function computes on the CPU alone."""
    return name.partition(".")[0] in _HOST
