"""Where things are put: device definitions, moves, and the dialects of 2017."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from migrator.roles import knowledge
from migrator.roles.role import Kind, Object
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.rule import Rule, Safety
from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Replace, Unwrap
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training import moves
from migrator.training.choice import Choice, is_option_read, is_picked
from migrator.training.device import Definition, conjuncts, is_accelerated, is_indexed, is_move, torch_name
from migrator.training.training import Training

_PREPARED = frozenset({"prepared"})


def device_moves(training: Training) -> Iterator[tuple[Module, s.Call]]:
    """Give every call in the program that moves something to a device."""
    for module in training.modules:
        for call in module.nodes(s.Call):
            if (
                isinstance(call.func, s.Attribute)
                and call.func.name in ("to", "cuda")
                and call in training.walk.log.values
                and training.is_involved(call)
            ):
                if moves.is_device_move(training, call):
                    yield module, call


def _statement_of(node: Any) -> Any:
    return node.statement


class DeviceDefinition(Rule):
    """Take the device from the Accelerator.

    What: `device = torch.device("cuda" if torch.cuda.is_available() else "cpu")` becomes `device = accelerator.device`;
    the variable keeps its name. A flag such as `--no-cuda` goes into `Accelerator(cpu=...)`. A variable that nothing uses
    any more goes. A device that the user picks, by name or by index, stays as it is, and the Accelerator takes it over.
    Why: each process has its own device; a literal "cuda:0" would put all of them on the first GPU.
    Safety: safe. Where picks cannot be taken over in one place, the program is left alone.
    Source: Accelerate's `Accelerator.device`.
    """

    code = "MIG101"
    name = "device-definition"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        choice = training.choice
        done: set[Any] = set()
        if choice is not None and choice.definitions:
            done.update(x.statement for x in choice.definitions)
            yield self._take_over(training, choice)
        for item in training.definitions:
            if item.statement in done:
                continue
            if not training.devices.is_used(item.devices) and (is_picked(item) or _is_redefined(training, item)):
                continue
            if is_picked(item):
                yield self._refusal(item)
            else:
                arms = _all_arms(training, item)
                done.update(x.statement for x in arms)
                yield self._change(training, item, arms)
        for device, node in training.kept_devices.items():
            if re.match(r"\w+:\d", str(device.data)):
                yield self._unheld(training, device, node)

    def _take_over(self, training: Training, choice: Choice) -> Change:
        """Leave the user's device as it is, and let the Accelerator use it."""
        assert choice.block is not None
        module, first = choice.module, choice.definitions[0]
        as_text = choice.is_text and any(_is_read_as_text(training, item) for item in choice.definitions)
        line = f"{choice.text} = {ACCELERATOR}.device" + (".type" if as_text else "")
        behind = choice.block.statements[choice.index]
        steps = [Step(module, behind, Insert(choice.block, choice.index, (line,), tight=True, rank=-1))]
        if choice.wraps:
            span = module.outer(first.value)
            steps.append(
                Step(module, first.statement, Replace(Span(span.start, span.start), f"{choice.torch}.device("))
            )
            steps.append(Step(module, first.statement, Replace(Span(span.end, span.end), ")", -1)))
        return Change(
            self.code,
            module,
            first.statement,
            f"Take `{choice.text}` over into the Accelerator, which honours it on one process",
            tuple(steps),
            needs=_PREPARED,
            gives=frozenset(f"device:{id(x.statement)}" for x in choice.definitions),
            alike=tuple(x.statement for x in choice.definitions[1:]),
            reason="on several processes each has a device of its own",
        )

    def _change(self, training: Training, item: Definition, arms: list[Definition]) -> Change:
        module = item.module
        suffix = ".device.type" if item.is_text and _is_read_as_text(training, item) else ".device"
        span, text = module.outer(item.value), f"{ACCELERATOR}{suffix}"
        if len(arms) > 1:
            span, text = (
                _if_span(module, _first_if(item.statement)),
                f"{module.text(item.statement.targets[0])} = {text}",
            )
        return Change(
            self.code,
            module,
            item.statement,
            f"Replace `{_short(module.text(item.value))}` with `accelerator{suffix}`",
            (Step(module, item.statement, Replace(span, text)),),
            needs=_PREPARED,
            gives=frozenset(f"device:{id(x.statement)}" for x in arms),
            alike=tuple(x.statement for x in arms if x is not item),
        )

    def _unheld(self, training: Training, device: Object, node: Any) -> Change:
        """Stop where all processes would meet on one GPU that no variable of the training names."""
        site = device.site or node
        return Change(
            self.code,
            training.module_of(site),
            site,
            f"`{device.data}` is the same GPU for every process, and no variable of the training stands for it",
            level=Level.REVIEW,
            blocks=True,
            reason="what is moved there would not meet the models of the other processes",
            recipe='name it "cuda", which is each process\'s own GPU, or define it in a variable of the training',
        )

    def _refusal(self, item: Definition) -> Change:
        return Change(
            self.code,
            item.module,
            item.statement,
            f"`{_short(item.module.text(item.value))}` lets its user pick a device that an Accelerator would not honour",
            level=Level.REVIEW,
            blocks=True,
            reason="the script would silently run on another device",
            recipe="pick the device in one variable, right after the options are read, or by CUDA_VISIBLE_DEVICES",
        )


def _reads_choice(training: Training, node: s.Attribute | s.Subscript) -> bool:
    """Whether a device is the user's option itself, which the Accelerator has taken over."""
    return training.choice is not None and is_option_read(training.value, node)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) < 70 else line[:67] + "..."


def _all_arms(training: Training, item: Definition) -> list[Definition]:
    """The definitions in all arms of an `if` that does nothing but define one device variable, without a comment; else the one."""
    if not isinstance(item.statement.block.owner, s.If):
        return [item]
    first = _first_if(item.statement)
    known = {x.statement: x for x in training.definitions}
    found: list[Definition] = []
    block: s.Block | None = first.body
    node = first
    while block is not None:
        statement = block.statements[0]
        if len(block.statements) == 1 and isinstance(statement, s.If) and statement.is_elif:
            node = statement
            block = node.body
            continue
        if len(block.statements) != 1 or statement not in known or isinstance(statement, s.Annotate):
            return [item]
        found.append(known[statement])
        block = node.orelse if block is node.body else None
    targets = {item.module.text(x.statement.targets[0]) for x in found}
    ends_open = node.orelse is None
    if ends_open or len(targets) != 1 or "#" in item.module.source.text[slice(*_if_span(item.module, first))]:
        return [item]
    return found


def _is_redefined(training: Training, item: Definition) -> bool:
    """Whether the same variable gets another device further down."""
    if not isinstance(item.statement, s.Assign):
        return False
    name = item.module.text(item.statement.targets[0])
    later = training.definitions[training.definitions.index(item) + 1 :]
    return any(
        x.module is item.module
        and x.statement.scope is item.statement.scope
        and isinstance(x.statement, s.Assign)
        and item.module.text(x.statement.targets[0]) == name
        for x in later
    )


def _first_if(statement: Any) -> s.If:
    """The `if` at the head of the chain whose arm a statement stands in."""
    owner = statement.block.owner
    while owner.is_elif:
        owner = owner.block.owner
    return owner  # type: ignore[no-any-return]


def _if_span(module: Module, node: s.If) -> Span:
    last: Any = node
    while isinstance(last, s.If):
        last = (last.orelse or last.body).statements[-1]
    return Span(module.span(node).start, module.span(last).end)


def _is_read_as_text(training: Training, item: Definition) -> bool:
    """Whether a device name is used in a way that only a string bears."""
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


class ModelMove(Rule):
    """Leave it to `prepare` to move the models that it prepares.

    What: `model = Net().to(device)` loses its move, `model.cuda()` goes.
    Why: `prepare` puts the model on the Accelerator's device.
    Safety: safe where the move has no dtype and nothing between it and `prepare` runs, initialises or saves the model;
    else it stays, aimed at `accelerator.device`, which costs nothing.
    Source: Accelerate's `prepare_model`.
    """

    code = "MIG102"
    name = "model-to"

    def check(self, training: Training) -> Iterator[Change]:
        if training.outcome.walk is None:
            return
        for module, call in device_moves(training):
            if moves.keeps_more(call) or not moves.is_left_to_prepare(training, call):
                continue
            operations = moves.removal(module, call.statement, [call])
            yield _removed(self.code, module, call, operations, "model")


def _removed(code: str, module: Module, call: Any, operations: list[Operation], what: str) -> Change:
    return Change(
        code,
        module,
        call,
        f"Remove `{_short(module.text(call))}`: `prepare` places this {what}",
        tuple(Step(module, call, operation) for operation in operations),
        needs=_PREPARED,
        gives=frozenset({f"moved:{id(call)}"}),
    )


class BatchMove(Rule):
    """Leave it to a prepared loader to move its batches.

    What: `x, y = x.to(device), y.to(device)` goes where `x` and `y` come out of a prepared loader.
    Why: the loader that `prepare` returns yields batches on the Accelerator's device.
    Safety: safe where every path leads to a batch of a prepared loader whose batches are tensors in tuples, lists or
    dicts, and the move changes no dtype or memory format; else it stays.
    Source: Accelerate's `prepare_data_loader`.
    """

    code = "MIG103"
    name = "batch-to"

    def check(self, training: Training) -> Iterator[Change]:
        if training.outcome.walk is None:
            return
        found: dict[tuple[Module, Any], list[Any]] = defaultdict(list)
        partly: set[Any] = set()
        for module, call in device_moves(training):
            assert isinstance(call.func, s.Attribute)
            if not moves.keeps_more(call) and moves.is_prepared_batch(training, call.func.value):
                found[module, call.statement].append(call)
            elif isinstance(call.statement, s.Assign) and isinstance(call.statement.value, s.Collection):
                partly.add(call.statement)  # `x, z = x.cuda(), z.cuda()` would leave `x = x` behind
        for (module, statement), calls in found.items():
            if statement in partly:
                continue
            operations = moves.removal(module, statement, calls)
            first, *rest = calls
            change = _removed(self.code, module, first, operations, "batch")
            yield Change(
                self.code, module, first, change.message, change.steps, needs=_PREPARED,
                gives=frozenset(f"moved:{id(call)}" for call in calls), alike=tuple(rest),
            )  # fmt: skip


class MoveToAccelerator(Rule):
    """Aim the other moves at the Accelerator's device.

    What: `z.cuda()`, `net.to("cuda")`, `torch.zeros(3, device="cuda")` name `accelerator.device` instead.
    Why: tensors that the script makes itself, frozen helper networks, criteria and batches of unprepared loaders still need
    their move, to the process's own device.
    Safety: safe; dtype, memory format and `non_blocking` stay. Another index than 0 stops the program (MIG905).
    Source: torch.Tensor.to, Accelerate's `Accelerator.device`.
    """

    code = "MIG104"
    name = "cuda-call-to-device"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        taken = {key for rule in (ModelMove(), BatchMove()) for change in rule.check(training) for key in change.gives}
        for module, call in device_moves(training):
            if f"moved:{id(call)}" in taken:
                continue
            if moves.explicit_index(training, call) is not None:
                continue  # MIG905
            operation = self.edit(training, module, call)
            if operation is not None:
                yield self._change(module, call, operation)
        for module in training.modules:
            for call in module.nodes(s.Call):
                for node in self._literal_devices(training, call) if training.is_involved(call) else ():
                    yield self._change(module, node, Replace(module.outer(node), f"{ACCELERATOR}.device"), "MIG105")

    def _change(self, module: Module, node: Any, operation: Replace, code: str = "MIG104") -> Change:
        return Change(
            code,
            module,
            node,
            f"Aim `{_short(module.text(node))}` at `accelerator.device`",
            (Step(module, node, operation),),
            needs=_PREPARED,
            gives=frozenset({f"moved:{id(node)}"}),
        )

    def edit(self, training: Training, module: Module, call: s.Call) -> Replace | None:
        """Give the edit that aims a move at the Accelerator's device; None where it goes there by itself."""
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

    def _follows(self, training: Training, node: Any) -> bool:
        """Whether a variable will hold the Accelerator's device because its definition changes."""
        values = training.value(node)
        known = {x for item in training.devices.definitions for x in item.devices}
        return not any(
            x.kind in (Kind.CONSTANT, Kind.RANK)
            or (x.kind is Kind.DEVICE and x not in known and x.data not in ("of tensor", "accelerator"))
            for x in values
        )

    def _literal_devices(self, training: Training, call: s.Call) -> Iterator[Any]:
        """Device names written in place: ``device="cuda"`` of a factory, ``map_location="cuda:0"``."""
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


class FactoryDevice(Rule):
    """Make tensors on the Accelerator's device where the script named one in place.

    What: `torch.zeros(3, device="cuda")` gets `device=accelerator.device`; `torch.load(f, map_location="cuda:0")` likewise.
    Why: a literal names the same GPU in every process.
    Safety: safe. `torch.zeros(3).cuda()` keeps its form (MIG104): folding it could change random streams.
    Source: torch factory functions.
    """

    code = "MIG105"
    name = "factory-device"

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())  # found together with the moves, by MIG104


class LegacyTensorType(Rule):
    """Take tensor types of CUDA apart into a type and a device.

    What: `Tensor = torch.cuda.FloatTensor if cuda else torch.FloatTensor` keeps its CPU arm; `Tensor(x)` becomes
    `Tensor(x).to(accelerator.device)` and `x.type(Tensor)` becomes `x.to(accelerator.device, torch.float32)`.
    Why: such a type stands for the current GPU only; on a CPU it does not exist.
    Safety: safe where every use of the alias is a constructor call or a `.type()`; else it is left alone and reported.
    Source: torch tensor types.
    """

    code = "MIG106"
    name = "legacy-cuda-tensor"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        definitions = [x for module in training.modules for x in self._definitions(training, module)]
        steps: list[Step] = []
        uses: list[Any] = []
        for module in training.modules:
            for call in module.nodes(s.Call):
                for operation in self._use(training, module, call) if training.is_involved(call) else ():
                    steps.append(Step(module, call, operation))
                    uses.append(call)
        for module, value, text in definitions:
            steps.append(Step(module, value, Replace(module.outer(value), text)))
        if not steps:
            return
        odd = self._odd_use(training, {x for _, value, _ in definitions for x in training.value(value)})
        node = definitions[0][1] if definitions else uses[0]
        module = training.module_of(node)
        sites = tuple(dict.fromkeys([*(value for _, value, _ in definitions), *uses]))
        if odd is not None:
            yield Change(
                self.code, training.module_of(odd), odd, "A CUDA tensor type is used in a way that cannot be taken apart",
                level=Level.REVIEW, reason="it stands for the current GPU only", recipe="use a dtype and a device instead", alike=sites,
            )  # fmt: skip
            return
        yield Change(
            self.code,
            module,
            node,
            f"Take `{_short(module.text(node))}` apart into a type and `accelerator.device`",
            tuple(steps),
            needs=_PREPARED,
            gives=frozenset({"types"}),
            alike=sites[1:] if sites and sites[0] is node else sites,
        )

    def _definitions(self, training: Training, module: Module) -> Iterator[tuple[Module, Any, str]]:
        """Assigned values that may be a CUDA type, with the CPU type that takes their place."""
        for statement in module.nodes(s.Assign):
            value = statement.value
            types = [x for x in training.value(value) if x.kind is Kind.TYPE]
            if not types or not any(_is_cuda(x) for x in types) or isinstance(value, (s.Name, s.Call)):
                continue
            yield module, value, self._cpu_text(training, module, value)

    def _cpu_text(self, training: Training, module: Module, value: Any) -> str:
        if isinstance(value, s.Conditional):
            for arm in (value.body, value.orelse):
                if not any(_is_cuda(x) for x in training.value(arm)):
                    return module.text(arm)
        return module.text(value).replace(".cuda.", ".")

    def _use(self, training: Training, module: Module, call: s.Call) -> Iterator[Operation]:
        func = call.func
        if isinstance(func, s.Attribute) and func.name == "type" and len(call.args) == 1:
            types = [x for x in training.value(call.args[0].value) if x.kind is Kind.TYPE]
            if any(_is_cuda(x) for x in types) and len({_dtype(x) for x in types}) == 1 and torch_name(module):
                dtype = f"{torch_name(module)}.{_dtype(types[0])}"
                yield Replace(
                    Span(module.span(func).end - 4, module.span(call).end), f"to({ACCELERATOR}.device, {dtype})"
                )
            return
        types = [x for x in training.value(func) if x.kind is Kind.TYPE]
        if not types or not any(_is_cuda(x) for x in types):
            return
        if isinstance(func, s.Attribute):  # torch.cuda.FloatTensor(...)
            text = module.text(func)
            yield Replace(module.span(func), text.replace(".cuda.", "."))
        end = module.span(call).end
        yield Replace(Span(end, end), f".to({ACCELERATOR}.device)")

    def _odd_use(self, training: Training, types: set[Object]) -> Any:
        for module in training.modules:
            for node in module.variables():
                if node.store or not any(x.kind is Kind.TYPE and _is_cuda(x) for x in training.value(node)):
                    continue
                parent = node.parent
                if isinstance(parent, s.Call) and parent.func is node:
                    continue
                if isinstance(parent, s.Argument):
                    call = parent.parent
                    if isinstance(call.func, s.Attribute) and call.func.name == "type":
                        continue
                    if any(x.kind in (Kind.FUNCTION, Kind.METHOD, Kind.CLASS) for x in training.value(call.func)):
                        continue  # handed to a local function, whose uses are seen there
                if isinstance(parent, (s.Conditional, s.Assign)):
                    continue
                return node
        return None


def _is_cuda(item: Object) -> bool:
    return ".cuda." in str(item.data)


def _dtype(item: Object) -> str:
    return knowledge.DTYPES.get(str(item.data).rpartition(".")[2], "float32")


class GuardedMove(Rule):
    """Take away an `if cuda:` that guards nothing but moves.

    What: `if use_cuda: z = z.cuda()` becomes `z = z.to(accelerator.device)`; an `if` whose moves all go, goes with them.
    Why: the Accelerator's device is the CPU where there is no GPU or the flag says so, so the move is right on every path.
    Safety: safe where the condition is about devices only and there is no `else`.
    Source: torch.Tensor.to.
    """

    code = "MIG107"
    name = "if-cuda-block"

    def check(self, training: Training) -> Iterator[Change]:
        if training.outcome.walk is None:
            return
        moved = {id(call): call for _, call in device_moves(training)}
        for module in training.modules:
            for node in module.nodes(s.If):
                if node.is_elif or node.test not in training.walk.log.values or not training.is_involved(node):
                    continue
                if not training.devices.is_flag(node.test):
                    continue
                if node.orelse is not None:
                    yield from self._equal_arms(training, module, node)
                    continue
                calls = [self._only_moves(module, statement, moved) for statement in node.body.statements]
                if not all(calls):
                    continue
                inside = [call for group in calls for call in group or () if self._changes(training, module, call)]
                yield Change(
                    self.code,
                    module,
                    node,
                    f"Take away `if {_short(module.text(node.test))}:`, which guards nothing but moves",
                    (Step(module, node, Unwrap(node)),),
                    needs=_PREPARED | {f"moved:{id(call)}" for call in inside},
                )

    def _changes(self, training: Training, module: Module, call: s.Call) -> bool:
        """Whether a move has to change: one that follows the Accelerator's device already may stand by itself as it is."""
        left = moves.is_left_to_prepare(training, call) or moves.is_prepared_batch(training, call.func.value)  # type: ignore[attr-defined]
        return left or MoveToAccelerator().edit(training, module, call) is not None

    def _equal_arms(self, training: Training, module: Module, node: s.If) -> Iterator[Change]:
        """`if cuda: x = x.cuda() else: x = x`: aimed at the Accelerator's device, the first arm serves for both."""
        assert node.orelse is not None
        arms = (node.body.statements, node.orelse.statements)
        if len(arms[0]) != len(arms[1]) or "#" in module.source.text[slice(*_if_span(module, node))]:
            return
        moved: list[Any] = []
        for first, second in zip(*arms, strict=True):
            if not isinstance(first, (s.Assign, s.Evaluate)) or self._plain(module, first, moved) != self._plain(
                module, second, []
            ):
                return
        yield Change(
            self.code,
            module,
            node,
            f"Take away `if {_short(module.text(node.test))}:`, whose arms differ only in moves",
            (Step(module, node, Unwrap(node)), *(Step(module, node, Drop(x)) for x in arms[1])),
            needs=_PREPARED
            | {key for kind, x in moved for key in ({f"moved:{id(x)}"} if kind == "move" else {"types"})},
        )

    def _plain(self, module: Module, statement: Any, moved: list[Any]) -> str:
        """A statement's text without its moves; what was left out is added to ``moved``."""
        start = module.span(statement).start
        cuts: list[tuple[int, int, str]] = []
        for node in statement.walk():
            if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and node.func.name == "cuda":
                cuts.append((module.outer(node.func.value).end - start, module.span(node).end - start, ""))
                moved.append(("move", node))
            elif (
                isinstance(node, s.Attribute)
                and node.name.endswith("Tensor")
                and module.text(node).startswith("torch.cuda.")
            ):
                span = module.span(node)
                cuts.append((span.start - start, span.end - start, "torch." + node.name))
                moved.append(("type", node))
        text = module.text(statement)
        for begin, end, new in sorted(cuts, reverse=True):
            text = text[:begin] + new + text[end:]
        return "".join(text.split())

    def _only_moves(self, module: Module, statement: Any, moved: dict[int, Any]) -> list[Any] | None:
        """The moves that make up a statement; None where it does something else."""
        calls = [x for x in statement.walk() if id(x) in moved]
        if not calls:
            return None
        if isinstance(statement, (s.Evaluate, s.Assign)) and moves.is_hollow(module, statement, calls):
            return calls
        if isinstance(statement, s.Assign) and len(statement.targets) == 1:
            left = statement.targets[0]
            rest = moves.without_moves(statement.value, calls)
            if module.text(left) == module.text(rest):
                return calls
            # x = Variable(x).cuda(), x = x.view(-1).cuda(): more than a move
        return None


class OtherDevice(Rule):
    """Stop where the script spreads itself over several devices.

    What: `x.to("cuda:1")`, `.cuda(1)`, `device_map=...`.
    Why: each process owns one device; collapsing two onto one would change what runs where.
    Safety: reported only; the program is left alone.
    Source: Accelerate's device placement.
    """

    code = "MIG905"
    name = "explicit-device"
    safety = Safety.REVIEW

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
                f"`{_short(module.text(call))}` asks for a particular device",
                level=Level.REVIEW,
                blocks=True,
                reason="an Accelerator gives each process one device, and would silently use that",
                recipe="choose the GPU with CUDA_VISIBLE_DEVICES; model parallelism needs another tool",
            )

    def _chosen(self, training: Training, call: s.Call) -> bool:
        """Whether the device is one that the user picks by number."""
        target = call.argument(0, "device")
        if target is None or isinstance(target, s.Literal):
            return False
        values = training.value(target)
        option = any(x.kind is Kind.OPTION for x in values) and not any(x.kind is Kind.DEVICE for x in values)
        return option and call.func.name == "cuda"  # type: ignore[attr-defined]


class DefaultDevice(Rule):
    """Stop where the script sets a default device or tensor type.

    What: `torch.set_default_device("cuda")`, `torch.set_default_tensor_type(torch.cuda.FloatTensor)`.
    Why: everything made from then on lands on one GPU, in every process.
    Safety: reported only; the program is left alone.
    Source: torch.set_default_device.
    """

    code = "MIG111"
    name = "default-device"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for name in ("torch.set_default_device", "torch.set_default_tensor_type"):
            for module, call in training.calls.get(name, []):
                if not any(word in module.text(call) for word in ("cuda", "device", "mps", "xpu")):
                    continue
                yield Change(
                    self.code, module, call, f"`{_short(module.text(call))}` decides where all tensors go",
                    level=Level.REVIEW, blocks=True, reason="in every process they would land on the same device",
                    recipe="remove it, and put tensors on `accelerator.device`",
                )  # fmt: skip


RULES: tuple[type[Rule], ...] = (
    DeviceDefinition, ModelMove, BatchMove, MoveToAccelerator, FactoryDevice, LegacyTensorType, GuardedMove, OtherDevice, DefaultDevice,
)  # fmt: skip

__all__ = ["RULES", "conjuncts"]
