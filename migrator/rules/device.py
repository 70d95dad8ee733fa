"""Device definitions, and default devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from migrator.inference.objects import Object
from migrator.rules.change import ACCELERATOR, Change, Level, Step, short
from migrator.rules.fact import DEVICE, FOR_PREPARED, Fact, prepare_obliges
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Insert, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.device import Definition
from migrator.training.position import within
from migrator.training.training import Training
from migrator.training.user_device import UserDevice, is_option_read, is_picked


class DeviceDefinition(Rule):
    """Take the device from the Accelerator.

    What: `device = torch.device("cuda" if torch.cuda.is_available() else "cpu")` becomes `device = accelerator.device`;
    the variable keeps its name. A flag such as `--no-cuda` becomes `Accelerator(cpu=...)`. A variable that nothing uses
    any more is removed. A device that the user chooses, by name or by index, is kept, and the Accelerator uses it.
    Why: each process has its own device; a literal "cuda:0" would put all processes on the first GPU.
    Safety: safe. Blocks where the user's choice cannot be passed on to the Accelerator: no file of the program is changed.
    Source: Accelerate's `Accelerator.device`.
    """

    code = "MIG101"
    name = "device-definition"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        user_device = training.user_device
        done: set[s.Node] = set()
        if user_device is not None and user_device.definitions:
            done.update(x.statement for x in user_device.definitions)
            yield self._take_over(training, user_device)
        for item in training.definitions:
            if item.statement in done:
                continue
            if not training.devices.is_used(item.devices) and (
                is_picked(item) or _is_redefined(training, item) or training.devices.handed_on.issuperset(item.devices)
            ):
                continue
            if user_device is not None and _goes_into(training, item, user_device):
                continue
            if is_picked(item):
                yield self._refusal(training, item)
            else:
                arms = _all_arms(training, item)
                done.update(x.statement for x in arms)
                yield self._change(training, item, arms)
                yield from self._other_arm(training, item)
        for device, node in training.kept_devices.items():
            if re.match(r"\w+:\d", str(device.data)):
                yield self._unheld(training, device, node)

    def _take_over(self, training: Training, user_device: UserDevice) -> Change:
        """Keep the device that the user chooses, and let the Accelerator use it."""
        assert user_device.block is not None
        module, first = user_device.module, user_device.definitions[0]
        as_text = user_device.is_text and any(_is_read_as_text(training, item) for item in user_device.definitions)
        suffix = ".device.type" if as_text else ".device"
        line = f"{user_device.text} = {ACCELERATOR}{suffix}"
        following = user_device.block.statements[user_device.index]
        parts = [x for x in training.definitions if _goes_into(training, x, user_device)]
        steps = [Step(module, following, Insert(user_device.block, user_device.index, (line,), tight=True, rank=-1))]
        if user_device.wraps:
            span = module.outer(first.value)
            steps.append(
                Step(module, first.statement, Replace(Span(span.start, span.start), f"{user_device.torch}.device("))
            )
            steps.append(Step(module, first.statement, Replace(Span(span.end, span.end), ")", -1)))
        return Change(
            self.code,
            module,
            first.statement,
            f"Set `{user_device.text} = accelerator{suffix}` after the Accelerator is created: on one process the chosen device",
            tuple(steps),
            requires=FOR_PREPARED,
            provides=frozenset(DEVICE.of(x.statement) for x in (*user_device.definitions, *parts)),
            obliges=_obligations(training, (*user_device.definitions, *parts)),
            alike=tuple(x.statement for x in (*user_device.definitions[1:], *parts)),
            reason="on several processes each one gets a different GPU",
        )

    def _change(self, training: Training, item: Definition, arms: list[Definition]) -> Change:
        module = item.module
        suffix = ".device.type" if item.is_text and _is_read_as_text(training, item) else ".device"
        span, target = module.outer(item.value), ""
        message = f"Replace `{short(module.text(item.value))}` with `accelerator{suffix}`"
        if len(arms) > 1:
            target = f"{module.text(item.variable)} = "
            span = if_span(module, _common_if(arms))
            message = f"Replace `{short(module.text(item.statement))}` with `{target}accelerator{suffix}`"
        return Change(
            self.code,
            module,
            item.statement,
            message,
            (Step(module, item.statement, Replace(span, f"{target}{ACCELERATOR}{suffix}")),),
            requires=FOR_PREPARED,
            provides=frozenset(DEVICE.of(x.statement) for x in arms),
            obliges=_obligations(training, arms),
            alike=tuple(x.statement for x in arms if x is not item),
        )

    def _other_arm(self, training: Training, item: Definition) -> Iterator[Change]:
        """Report what the variable is assigned in the other branch of an `if`, where that may be another device."""
        block, target = item.statement.block, item.module.text(item.variable)
        known = {x.statement for x in training.devices.definitions}
        arms = [block.owner.body, block.owner.orelse] if isinstance(block.owner, s.If) else []
        for other in (x for arm in arms if arm is not None and arm is not block for x in arm.statements):
            is_same = isinstance(other, s.Assign) and item.module.text(other.targets[0]) == target
            if is_same and other not in known:
                yield Change(
                    self.code,
                    item.module,
                    other,
                    f"`{short(item.module.text(other))}` may choose another device than the Accelerator's",
                    level=Level.REVIEW,
                    reason="models and batches are moved to `accelerator.device` in any case, so tensors on this device would not fit them",
                    help="if it chooses the CPU, write `Accelerator(cpu=True)` for that case",
                )

    def _unheld(self, training: Training, device: Object, node: s.Node) -> Change:
        """Report a GPU by index that is in no device variable of the training."""
        site = device.site or node
        return Change(
            self.code,
            training.module_of(site),
            site,
            f"`{device.data}` is the same GPU on every process",
            level=Level.REVIEW,
            blocks=True,
            reason="tensors on it would not be on the device of the other processes' models",
            help='write "cuda", which is the GPU of each process, or use the device variable of the training',
        )

    def _refusal(self, training: Training, item: Definition) -> Change:
        return Change(
            self.code,
            item.module,
            item.statement,
            f"`{short(item.module.text(item.value))}` lets the user choose a device, which the Accelerator would ignore",
            level=Level.REVIEW,
            blocks=True,
            reason="the script would silently run on another device",
            obliges=_obligations(training, [item]),
            help="choose the device in one variable right after the options are parsed, or with CUDA_VISIBLE_DEVICES",
        )


def _obligations(training: Training, definitions: Iterable[Definition]) -> Mapping[Fact, frozenset[Fact]]:
    """Definitions whose device is used must name the Accelerator's wherever objects are prepared."""
    return prepare_obliges(*(DEVICE.of(x.statement) for x in definitions if training.devices.is_used(x.devices)))


def _all_arms(training: Training, item: Definition) -> list[Definition]:
    """The definitions in all branches of the outermost `if` that only defines one device variable; else the given one."""
    known = {x.statement: x for x in training.definitions if isinstance(x.statement, s.Assign)}
    found = [item]
    owner = item.statement.block.owner
    while isinstance(owner, s.If):
        arms = _defining_arms(owner, known)
        if arms is None:
            break
        targets = {item.module.text(x.variable) for x in arms}
        commented = "#" in item.module.source.text[slice(*if_span(item.module, owner))]
        if len(targets) == 1 and not owner.is_elif and not commented:
            found = arms
        owner = owner.block.owner
    return found


def _defining_arms(node: s.If, known: dict[s.Assign, Definition]) -> list[Definition] | None:
    """The definitions that make up an `if` with all its arms; None where an arm is missing or does something else."""
    found: list[Definition] = []
    for block in (node.body, node.orelse):
        if block is None or len(block.statements) != 1:
            return None
        statement = block.statements[0]
        arms = _defining_arms(statement, known) if isinstance(statement, s.If) else None
        if isinstance(statement, s.Assign) and statement in known:
            arms = [known[statement]]
        if arms is None:
            return None
        found += arms
    return found


def _common_if(arms: list[Definition]) -> s.If:
    """The innermost `if` that holds some definitions with all its arms."""
    owner = arms[0].statement.block.owner
    while isinstance(owner, s.Compound):
        if isinstance(owner, s.If) and not owner.is_elif and all(within(x.statement, owner) for x in arms):
            return owner
        owner = owner.block.owner
    raise LookupError("these definitions are not the arms of one `if`")


def _goes_into(training: Training, item: Definition, user_device: UserDevice) -> bool:
    """Whether a definition is only what the user's device is made from."""
    parts = {part for x in user_device.definitions for device in x.devices for part in device.of}
    return bool(item.devices) and parts.issuperset(item.devices) and not training.device_use.is_placed_on(item.devices)


def _is_redefined(training: Training, item: Definition) -> bool:
    """Whether the same variable is assigned another device later."""
    name = item.module.text(item.variable)
    later = training.definitions[training.definitions.index(item) + 1 :]
    return any(
        x.module is item.module and x.statement.scope is item.statement.scope and item.module.text(x.variable) == name
        for x in later
    )


def if_span(module: Module, node: s.If) -> Span:
    """Give the span of an `if` with all its branches."""
    last: s.Node = node
    while isinstance(last, s.If):
        last = (last.orelse or last.body).statements[-1]
    return Span(module.span(node).start, module.span(last).end)


def _is_read_as_text(training: Training, item: Definition) -> bool:
    """Whether a device name is used as only a string can be, or is annotated as one."""
    if isinstance(item.statement, s.Annotate) and item.module.text(item.statement.annotation) == "str":
        return True
    devices = set(item.devices)
    for module in training.modules:
        for node in module.variables():
            if node.store or not devices & training.value(node):
                continue
            if isinstance(node, s.Attribute) and is_option_read(training.value, node):
                continue  # the option keeps its text
            parent = node.parent
            if isinstance(parent, (s.Compare, s.Text, s.Binary)) or (
                isinstance(parent, s.Attribute) and parent.value is node
            ):
                return True
            if isinstance(parent, s.Argument) and parent.keyword == "device_type":
                return True
    return False


class DefaultDevice(Rule):
    """Report default devices and default tensor types.

    What: `torch.set_default_device("cuda")`, `torch.set_default_tensor_type(torch.cuda.FloatTensor)`.
    Why: every process would create all its tensors on the same GPU.
    Safety: blocks the program; none of its files is changed.
    Source: torch.set_default_device.
    """

    code = "MIG111"
    name = "default-device"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for name in ("torch.set_default_device", "torch.set_default_tensor_type"):
            for module, call in training.calls.get(name, []):
                if not any(word in module.text(call) for word in ("cuda", "device", "mps", "xpu")):
                    continue
                yield Change(
                    self.code, module, call, f"`{short(module.text(call))}` sets a default device for all tensors",
                    level=Level.REVIEW, blocks=True, reason="every process would create its tensors on the same device",
                    help="remove it, and move tensors to `accelerator.device`",
                )  # fmt: skip


RULES: tuple[type[Rule], ...] = (DeviceDefinition, DefaultDevice)
