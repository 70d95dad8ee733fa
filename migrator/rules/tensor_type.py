"""CUDA tensor types such as `torch.cuda.FloatTensor`, from PyTorch before 0.4."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference import knowledge
from migrator.inference.objects import Kind, Object
from migrator.rules.change import ACCELERATOR, Change, Level, Step, short
from migrator.rules.fact import FOR_PREPARED, TENSOR_TYPES
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.device import torch_name
from migrator.training.training import Training


class LegacyTensorType(Rule):
    """Replace CUDA tensor types with a CPU tensor type and a move to `accelerator.device`.

    What: `Tensor = torch.cuda.FloatTensor if cuda else torch.FloatTensor` becomes `Tensor = torch.FloatTensor`; `Tensor(x)`
    becomes `Tensor(x).to(accelerator.device)`, and `x.type(Tensor)` becomes `x.to(accelerator.device, torch.float32)`.
    Why: such a type always uses the current GPU, and cannot be used on a machine without one.
    Safety: safe where every use of the variable is a constructor call or a `.type()`; otherwise it is only reported.
    Source: torch tensor types.
    """

    code = "MIG106"
    name = "legacy-cuda-tensor"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        definitions = [x for module in training.modules for x in self._definitions(training, module)]
        steps: list[Step] = []
        uses: list[s.Node] = []
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
                self.code, training.module_of(odd), odd,
                "This CUDA tensor type was not changed: one of its uses is neither a constructor call nor `.type()`",
                level=Level.REVIEW, reason="it always uses the current GPU, and cannot be used on a machine without one",
                help="use a dtype and `accelerator.device` instead", alike=sites,
            )  # fmt: skip
            return
        yield Change(
            self.code,
            module,
            node,
            f"Replace the CUDA type in `{short(module.text(node))}` with a CPU type and `accelerator.device`",
            tuple(steps),
            requires=FOR_PREPARED,
            provides=frozenset({TENSOR_TYPES}),
            alike=sites[1:] if sites and sites[0] is node else sites,
        )

    def _definitions(self, training: Training, module: Module) -> Iterator[tuple[Module, s.Expression, str]]:
        """Assigned values that may be a CUDA type, with the CPU type that takes their place."""
        for statement in module.nodes(s.Assign):
            value = statement.value
            types = [x for x in training.value(value) if x.kind is Kind.TYPE]
            if not types or not any(_is_cuda(x) for x in types) or isinstance(value, (s.Name, s.Call)):
                continue
            yield module, value, self._cpu_text(training, module, value)

    def _cpu_text(self, training: Training, module: Module, value: s.Node) -> str:
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

    def _odd_use(self, training: Training, types: set[Object]) -> s.Node | None:
        for module in training.modules:
            for node in module.variables():
                if node.store or not any(x.kind is Kind.TYPE and _is_cuda(x) for x in training.value(node)):
                    continue
                parent = node.parent
                if isinstance(parent, s.Call) and parent.func is node:
                    continue
                if isinstance(parent, s.Argument) and isinstance(call := parent.parent, s.Call):
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


RULES: tuple[type[Rule], ...] = (LegacyTensorType,)
