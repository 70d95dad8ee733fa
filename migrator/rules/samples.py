"""Where one sample's result depends on the others: on several processes the others are fewer, or elsewhere."""

from __future__ import annotations

from typing import Any

from migrator.inference.objects import Kind
from migrator.inference.trace import Forwarded
from migrator.rules.advice import AdviceRule, Sites, calls_of, enclosing, shown
from migrator.rules.change import Level
from migrator.source import syntax as s
from migrator.training.training import Training

_PRODUCTS = r"torch\.(mm|matmul|cdist)|torch\.nn\.functional\.cosine_similarity"


class BatchNorm(AdviceRule):
    """Say what batch normalisation does on several processes.

    What: `nn.BatchNorm2d(64)` in a model that is trained.
    Why: each process normalises by its own batch, and the running statistics that are kept are those of the main process.
    Safety: nothing is edited.
    Source: torch.nn.SyncBatchNorm.
    """

    code = "MIG209"
    name = "batch-norm"
    level = Level.NOTE
    once = True
    reason = "with small batches the statistics of one process may not serve"
    help = "if so, `model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)` before `prepare`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.nn\.(modules\.\w+\.)?(Lazy)?BatchNorm[123]d"):
            yield call, f"`{shown(training, call)}` normalises by each process's own batch"


class Contrast(AdviceRule):
    """Say where the samples of a batch are compared with one another.

    What: `z @ z.t()`, `torch.mm(image, text.T)` on features of a batch whose result reaches the loss.
    Why: each process compares the samples of its own batch only, so that there are fewer negatives than on one.
    Safety: nothing is edited.
    Source: torch.distributed.nn.functional.all_gather, which gradients flow through.
    """

    code = "MIG913"
    name = "contrast"
    level = Level.NOTE
    reason = "each process compares its own samples only"
    help = "raise the batch size, or gather the features of all processes in a way that gradients flow through"

    def sites(self, training: Training) -> Sites:
        pairs: list[tuple[s.Node, s.Node, s.Node]] = [
            (node, node.left, node.right)
            for module in training.modules
            for node in module.nodes(s.Binary)
            if node.operator == "MatrixMultiply"
        ]
        pairs += [
            (call, call.args[0].value, call.args[1].value)
            for call in calls_of(training, _PRODUCTS)
            if len(call.args) == 2
        ]
        for node, left, right in pairs:
            if _is_turned(right) and _is_feature(training, left) and _is_feature(training, right):
                yield node, f"`{shown(training, node)}` compares the samples of one process's batch"


class CarriedState(AdviceRule):
    """Report states that are carried from one batch to the next.

    What: `output, hidden = model(x, hidden)` in the loop over the batches, where `hidden` lives on.
    Why: a prepared loader deals the batches out in turns, so that on N processes the next batch of each is not the one
    that followed in the data.
    Safety: nothing is edited. Where batches are independent, or the state is reset for each, nothing is said.
    Source: Accelerate's `BatchSamplerShard`.
    """

    code = "MIG913"
    name = "carried-state"
    reason = "batches are dealt out in turns, so the state does not go with the batch that follows it in the data"
    help = "give each process a stretch of its own, or reset the state for each batch"

    def sites(self, training: Training) -> Sites:
        for event in training.events(Forwarded):
            loop: Any = next(enclosing(event.node, s.For), None)
            trained = event.item.kind is Kind.MODEL and event.item.prepared
            if (
                not trained
                or loop not in training.components.batch_loops
                or not any(x.kind is Kind.BATCH for x in event.given)
            ):
                continue
            for part in (x for arg in event.node.args for x in arg.value.walk() if isinstance(x, s.Name)):
                if _is_carried(training, part, loop):
                    yield event.node, f"`{part.id}` is carried from one batch to the next"


class WrittenBuffer(AdviceRule):
    """Report buffers that a model writes while it trains.

    What: a queue of keys, a memory bank: `self.register_buffer("queue", ...)` and `self.queue[:, i:j] = keys` in a method.
    Why: before each forward the main process's buffers are copied to the others, so that what they wrote is lost.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel, `broadcast_buffers`.
    """

    code = "MIG913"
    name = "written-buffer"
    reason = "the main process's buffers are copied over those of the others before each forward"
    help = "gather what is written from all processes, so that each writes the same"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for owner in module.nodes(s.ClassDef):
                buffers = set(_buffers(owner))
                for node in owner.walk() if buffers else ():
                    if isinstance(node, s.Subscript) and node.store and _own_attribute(node.value) in buffers:
                        yield node, f"`{shown(training, node)}` writes a buffer of the model"


def _is_carried(training: Training, name: s.Name, loop: s.For, depth: int = 3) -> bool:
    """Whether a variable holds what a model gave in the turn of a loop before."""
    scope = name.scope.resolve(name.id)
    stores = [x.statement for x in scope.names.get(name.id, []) if x.store] if scope is not None else []
    inside = [x for x in stores if isinstance(x, s.Assign) and loop in enclosing(x, s.For)]
    order = training.order
    for statement in order.reaching(inside, name):
        if order.is_before(statement, name.statement):  # of this turn: `hidden = detached(hidden)`
            names = [x for x in statement.value.walk() if isinstance(x, s.Name)]
            if depth and any(_is_carried(training, x, loop, depth - 1) for x in names if x.id == name.id):
                return True
        elif any(isinstance(x, s.Call) and _is_model(training, x.func) for x in statement.value.walk()):
            return True
    return False


def _is_model(training: Training, node: s.Expression) -> bool:
    return any(x.kind is Kind.MODEL for x in training.value(node))


def _is_turned(node: s.Node) -> bool:
    """Whether an operand is a matrix turned around: ``z.t()``, ``z.T``."""
    if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and not node.args:
        return node.func.name == "t" or (node.func.name == "contiguous" and _is_turned(node.func.value))
    return isinstance(node, s.Attribute) and node.name in ("T", "mT")


def _is_feature(training: Training, node: s.Node) -> bool:
    """Whether a tensor was computed from a batch by a model that is trained."""
    roots = {root for item in training.value(node) if item.kind is Kind.TENSOR for root in item.of}
    return any(x.kind is Kind.BATCH for x in roots) and any(x.kind in (Kind.MODEL, Kind.PART) for x in roots)


def _buffers(owner: s.ClassDef) -> Any:
    for node in owner.walk():
        if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and node.func.name == "register_buffer":
            name = node.argument(0, "name")
            if isinstance(name, s.Literal):
                yield name.value


def _own_attribute(node: Any) -> s.Node | None:
    own = isinstance(node, s.Attribute) and isinstance(node.value, s.Name) and node.value.id == "self"
    return node.name if own else None


RULES: tuple[type[AdviceRule], ...] = (BatchNorm, Contrast, CarriedState, WrittenBuffer)
