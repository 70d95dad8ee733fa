"""Moves to a device, and device names in calls: removed, replaced with `accelerator.device`, or reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from migrator.inference.objects import Kind
from migrator.rules.change import ACCELERATOR, Change, Level, Step, short
from migrator.rules.fact import FOR_PREPARED, MOVED
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training import device_move, move_removal, moves
from migrator.training.device import is_accelerated, is_indexed, is_move
from migrator.training.training import Training
from migrator.training.user_device import is_option_read

_MOVED = {"model": "`prepare` moves the model", "batch": "the prepared loader moves its batches"}


def device_moves(training: Training) -> Iterator[tuple[Module, s.Call]]:
    """Give every call in the program that moves something to a device."""
    for module in training.modules:
        for call in module.nodes(s.Call):
            if (
                isinstance(call.func, s.Attribute)
                and call.func.name in ("to", "cuda")
                and call in training.after.trace.values
                and training.is_involved(call)
            ):
                if device_move.is_device_move(training, call):
                    yield module, call


class ModelMove(Rule):
    """Remove the moves of models that `prepare` moves.

    What: `model = Net().to(device)` becomes `model = Net()`; a line `model.cuda()` is removed.
    Why: `prepare` moves the model to `accelerator.device`.
    Safety: safe where the move has no dtype and no code between it and `prepare` runs, initialises or saves the model;
    otherwise the move is kept, to `accelerator.device`, which is harmless.
    Source: Accelerate's `prepare_model`.
    """

    code = "MIG102"
    name = "model-to"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if training.placement.interpreter is None:
            return
        for module, call in device_moves(training):
            if device_move.keeps_more(call) or not moves.is_left_to_prepare(training, call):
                continue
            operations = move_removal.removal(module, call.statement, [call])
            yield _removed(self.code, module, call, operations, "model")


def _moved(node: s.Expression) -> s.Expression:
    """What is moved: ``x`` in ``x.cuda()``."""
    return node.func.value if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) else node


def _removed(code: str, module: Module, call: s.Node, operations: list[Operation], what: str) -> Change:
    return Change(
        code,
        module,
        call,
        f"Remove `{short(module.text(call))}`: {_MOVED[what]}",
        tuple(Step(module, call, operation) for operation in operations),
        requires=FOR_PREPARED,
        provides=frozenset({MOVED.of(call)}),
        is_relied_on=True,
    )


class BatchMove(Rule):
    """Remove the moves of batches that a prepared loader moves.

    What: `x, y = x.to(device), y.to(device)` is removed where `x` and `y` are read from a prepared loader.
    Why: the loader that `prepare` returns yields batches on `accelerator.device`.
    Safety: safe where the value is, on every path, a batch of a prepared loader whose batches are tensors in tuples, lists
    or dicts, and the move changes no dtype or memory format; otherwise the move is kept.
    Source: Accelerate's `prepare_data_loader`.
    """

    code = "MIG103"
    name = "batch-to"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if training.placement.interpreter is None:
            return
        found: dict[tuple[Module, Any], list[Any]] = defaultdict(list)
        partly: set[s.Statement] = set()
        for module, call in device_moves(training):
            assert isinstance(call.func, s.Attribute)
            if not device_move.keeps_more(call) and moves.is_prepared_batch(training, call.func.value):
                found[module, call.statement].append(call)
            elif isinstance(call.statement, s.Assign) and isinstance(call.statement.value, s.Collection):
                partly.add(call.statement)  # `x, z = x.cuda(), z.cuda()` would become `x = x`
        for (module, statement), calls in found.items():
            if statement in partly:
                continue
            operations = move_removal.removal(module, statement, calls)
            first, *rest = calls
            change = _removed(self.code, module, first, operations, "batch")
            yield Change(
                self.code, module, first, change.message, change.steps, requires=FOR_PREPARED,
                provides=frozenset(MOVED.of(call) for call in calls), alike=tuple(rest), is_relied_on=True,
            )  # fmt: skip


def _aimed(code: str, module: Module, node: s.Node, operation: Replace, message: str) -> Change:
    return Change(
        code,
        module,
        node,
        message,
        (Step(module, node, operation),),
        requires=FOR_PREPARED,
        provides=frozenset({MOVED.of(node)}),
    )


class MoveToAccelerator(Rule):
    """Change moves that are still needed to `accelerator.device`.

    What: `z.cuda()` and `net.to("cuda")` become `z.to(accelerator.device)` and `net.to(accelerator.device)`.
    Why: tensors that the script creates, frozen helper networks, loss functions and batches of unprepared loaders still
    need their move, to the device of the process.
    Safety: safe; dtype, memory format and `non_blocking` are kept. Another index than 0 blocks the program (MIG905).
    Source: torch.Tensor.to, Accelerate's `Accelerator.device`.
    """

    code = "MIG104"
    name = "cuda-call-to-device"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        taken = {
            key for rule in (ModelMove(), BatchMove()) for change in rule.check(training) for key in change.provides
        }
        for module, call in device_moves(training):
            if MOVED.of(call) in taken:
                continue
            if moves.explicit_index(training, call) is not None:
                continue  # MIG905
            operation = self.edit(training, module, call)
            if operation is not None:
                message = f"Move `{short(module.text(_moved(call)))}` to `accelerator.device`"
                yield _aimed(self.code, module, call, operation, message)

    def edit(self, training: Training, module: Module, call: s.Call) -> Replace | None:
        """Give the edit that moves something to `accelerator.device`; None if it is moved there without an edit."""
        func = call.func
        assert isinstance(func, s.Attribute)
        target = call.argument(0, "device")
        if func.name == "cuda":
            name = module.span(func).end - len("cuda")
            if target is not None and isinstance(target, (s.Name, s.Attribute)) and self._follows(training, target):
                return Replace(Span(name, name + 4), "to")
            rest = [arg for arg in call.args if arg.value is not target]
            end = module.span(rest[0]).start if rest else module.span(call).end - 1
            return Replace(Span(name, end), f"to({ACCELERATOR}.device" + (", " if rest else ""))
        if isinstance(target, (s.Attribute, s.Subscript)) and _reads_choice(training, target):
            return Replace(module.outer(target), f"{ACCELERATOR}.device")
        if target is None or (isinstance(target, (s.Name, s.Attribute)) and self._follows(training, target)):
            return None  # `.to(device)`: the definition is what changes
        values = training.value(target)
        if all(x.kind is Kind.DEVICE and not is_accelerated(x) for x in values):
            return None  # .to("cpu")
        return Replace(module.outer(target), f"{ACCELERATOR}.device")

    def _follows(self, training: Training, node: s.Node) -> bool:
        """Whether a variable will hold the Accelerator's device because its definition changes."""
        values = training.value(node)
        known = {x for item in training.devices.definitions for x in item.devices}
        return not any(
            x.kind in (Kind.CONSTANT, Kind.RANK)
            or (x.kind is Kind.DEVICE and x not in known and x.data not in ("of tensor", "accelerator"))
            for x in values
        )


def _reads_choice(training: Training, node: s.Attribute | s.Subscript) -> bool:
    """Whether a device is read from the user's option, which is passed on to the Accelerator."""
    return training.user_device is not None and is_option_read(training.value, node)


class FactoryDevice(Rule):
    """Replace device names in arguments with `accelerator.device`.

    What: `torch.zeros(3, device="cuda")` gets `device=accelerator.device`; `torch.load(f, map_location="cuda:0")` likewise.
    Why: a literal device is the same GPU in every process.
    Safety: safe. `torch.zeros(3).cuda()` keeps its form (MIG104), because creating a tensor directly on the device could
    change random numbers.
    Source: torch factory functions.
    """

    code = "MIG105"
    name = "factory-device"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        for module in training.modules if training.required else ():
            for call in module.nodes(s.Call):
                for node in self._literal_devices(training, call) if training.is_involved(call) else ():
                    message = f"Replace the device `{short(module.text(node))}` with `accelerator.device`"
                    operation = Replace(module.outer(node), f"{ACCELERATOR}.device")
                    yield _aimed(self.code, module, node, operation, message)

    def _literal_devices(self, training: Training, call: s.Call) -> Iterator[s.Node]:
        """Device names in arguments: ``device="cuda"`` of a factory function, ``map_location="cuda:0"``."""
        for arg in call.args:
            if arg.keyword in ("device", "map_location") and isinstance(arg.value, (s.Attribute, s.Subscript)):
                if _reads_choice(training, arg.value) and not is_move(call):
                    yield arg.value
            elif arg.keyword in ("device", "map_location") and isinstance(arg.value, (s.Literal, s.Call)):
                if isinstance(call.func, s.Attribute) and call.func.name in ("to", "cuda"):
                    continue
                devices = [x for x in training.value(arg.value) if x.kind is Kind.DEVICE]
                if devices and all(is_accelerated(x) and not is_indexed(x) and x.data != "option" for x in devices):
                    yield arg.value


class OtherDevice(Rule):
    """Report moves to a particular GPU.

    What: `x.to("cuda:1")`, `.cuda(1)`, `.cuda(args.gpu)`.
    Why: each process uses one device, chosen by the Accelerator; the choice of the script would be ignored.
    Safety: blocks the program; none of its files is changed.
    Source: Accelerate's device placement.
    """

    code = "MIG905"
    name = "explicit-device"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for module, call in device_moves(training):
            node = moves.explicit_index(training, call)
            if node is None and not self._chosen(training, call):
                continue
            yield Change(
                self.code,
                module,
                call,
                f"`{short(module.text(call))}` selects a particular GPU",
                level=Level.REVIEW,
                blocks=True,
                reason="each process uses the GPU that the Accelerator chooses, so this choice would be ignored",
                help='use "cuda" and choose the GPU with CUDA_VISIBLE_DEVICES; a model on several GPUs cannot be migrated',
            )

    def _chosen(self, training: Training, call: s.Call) -> bool:
        """Whether the device is one that the user chooses by number."""
        target = call.argument(0, "device")
        if target is None or isinstance(target, s.Literal):
            return False
        values = training.value(target)
        option = any(x.kind is Kind.OPTION for x in values) and not any(x.kind is Kind.DEVICE for x in values)
        return option and call.func.name == "cuda"  # type: ignore[attr-defined]


RULES: tuple[type[Rule], ...] = (ModelMove, BatchMove, MoveToAccelerator, FactoryDevice, OtherDevice)
