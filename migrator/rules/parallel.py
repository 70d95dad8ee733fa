"""`nn.DataParallel` and its functions, which use several GPUs from one process."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference import knowledge
from migrator.inference.never_run import asks_for_main
from migrator.inference.objects import Kind
from migrator.inference.trace import Called
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Change, Level, Step
from migrator.rules.fact import FOR_PREPARED, UNSPREAD, prepare_obliges
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Drop, Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.training import Training

_SPREADING = r"torch\.nn\.parallel\.(\w+\.)?(data_parallel|replicate|parallel_apply)"


class DataParallel(Rule):
    """Remove `nn.DataParallel`.

    What: `model = nn.DataParallel(model)` is removed, `nn.DataParallel(Net())` becomes `Net()`.
    Why: `prepare` wraps the model for several processes, and DataParallel would use all GPUs from each of them.
    Safety: safe, unless a checkpoint of the wrapped model is saved or loaded: its keys start with `module.`, and would no
    longer match. Then it blocks: no file of the program is changed.
    Source: torch.nn.DataParallel.
    """

    code = "MIG402"
    name = "data-parallel"
    effect = Effect.EDITS
    distinctive_names = ("DataParallel",)

    def check(self, training: Training) -> Iterator[Change]:
        for module, call in data_parallel_calls(training):
            yield self._change(training, module, call)
            if _is_conditional(call) and _names_a_checkpoint(training, call):
                yield Change(
                    self.code, module, call,
                    "Checkpoints that this script saved with several GPUs may have keys that start with `module.`",
                    level=Level.NOTE, reason="the migrated script saves and expects keys without it",
                    help="to load an existing one, remove `module.` from its keys",
                )  # fmt: skip

    def _change(self, training: Training, module: Module, call: s.Call) -> Change:
        inner = call.argument(0, "module")
        if inner is None or (not _is_conditional(call) and _names_a_checkpoint(training, call)):
            return Change(
                self.code, module, call, "A checkpoint is saved or loaded through this `DataParallel`, so its keys start with `module.`",
                level=Level.REVIEW, blocks=True, reason="without the wrapper, existing checkpoints would no longer load",
                help="save and load `model.module.state_dict()`, then run migrate again",
                obliges=prepare_obliges(UNSPREAD.of(call)),
            )  # fmt: skip
        return Change(
            self.code,
            module,
            call,
            "Remove `DataParallel`: `prepare` wraps the model",
            tuple(Step(module, call, operation) for operation in self._edits(module, call, inner)),
            requires=FOR_PREPARED,
            provides=frozenset({UNSPREAD.of(call)}),
            obliges=prepare_obliges(UNSPREAD.of(call)),
        )

    def _edits(self, module: Module, call: s.Call, inner: s.Expression) -> list[Operation]:
        statement = call.statement
        if isinstance(statement, s.Assign) and len(statement.targets) == 1 and statement.value is call:
            if isinstance(inner, (s.Name, s.Attribute)) and module.text(inner) == module.text(statement.targets[0]):
                return [Drop(statement)]
        outer, kept = module.span(call), module.outer(inner)
        return [Replace(Span(outer.start, kept.start), ""), Replace(Span(kept.end, outer.end), "")]


def data_parallel_calls(training: Training) -> list[tuple[Module, s.Call]]:
    """Calls of ``nn.DataParallel`` in the training."""
    found = [x for name, calls in training.calls.items() if knowledge.DATA_PARALLEL.match(name) for x in calls]
    return [(module, call) for module, call in found if training.is_involved(call)]


def _is_conditional(call: s.Call) -> bool:
    """Whether the model is wrapped under a condition."""
    node = call.statement
    while not isinstance(node.block.owner, (s.FunctionDef, s.Root)):
        if isinstance(node.block.owner, s.If) and not asks_for_main(node.block.owner.test):
            return True
        node = node.block.owner
    return False


def _names_a_checkpoint(training: Training, call: s.Call) -> bool:
    """Whether the wrapper's own `state_dict` is saved or loaded."""
    wrapped = {x.raw for x in training.value(call)}
    for event in training.events(Called):
        if (
            event.method in ("state_dict", "load_state_dict")
            and event.item.raw in wrapped
            and event.item.kind is not Kind.ANY
        ):
            func = event.node.func
            through = func.value if isinstance(func, s.Attribute) else None
            if not (isinstance(through, s.Attribute) and through.name == "module"):
                return True
    return False


class ParallelCall(AdviceRule):
    """Report functions that split one batch over several GPUs.

    What: `nn.parallel.data_parallel(self.main, x, range(ngpu))`, `replicate`, `parallel_apply`.
    Why: each process would use all GPUs of the machine, including those of the other processes.
    Safety: never edits.
    Source: torch.nn.parallel.
    """

    code = "MIG402"
    name = "parallel-call"
    effect = Effect.REVIEWS
    reason = "each process would use all GPUs of the machine, including those of the other processes"
    help = "call the module directly, and start one process for each GPU"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, _SPREADING):
            if not _spreads_trained_model(training, call):
                yield call, f"`{shown(training, call)}` splits a batch over several GPUs"


class SpreadModel(AdviceRule):
    """Report functions that copy the trained model to several GPUs.

    What: `replicas = nn.parallel.replicate(model, device_ids)`, `nn.parallel.data_parallel(model, x)`.
    Why: gradients of copies of a prepared model are not synchronised between processes.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.parallel; torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG402"
    name = "spread-model"
    effect = Effect.BLOCKS
    reason = "gradients of copies of a prepared model are not synchronised between processes"
    help = "call the model directly, run migrate again, and start one process for each GPU"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, _SPREADING):
            if _spreads_trained_model(training, call):
                yield call, f"`{shown(training, call)}` copies the trained model to several GPUs"


def _spreads_trained_model(training: Training, call: s.Call) -> bool:
    return bool(call.args) and any(training.is_required(item) for item in training.value(call.args[0].value))


RULES: tuple[type[Rule], ...] = (DataParallel, ParallelCall, SpreadModel)
