"""Computations that combine several samples, which are fewer on each of several processes, or in another order."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.inference.trace import Forwarded
from migrator.rules.advice import AdviceRule, Sites, calls_of, enclosing, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training

_PRODUCTS = r"torch\.(mm|matmul|cdist)|torch\.nn\.functional\.cosine_similarity"


class BatchNorm(AdviceRule):
    """Report batch normalisation, which uses the statistics of one process.

    What: `nn.BatchNorm2d(64)` in a model that is trained.
    Why: each process normalises with the statistics of its own batch, and the running statistics of the main process are
    saved.
    Safety: never edits.
    Source: torch.nn.SyncBatchNorm.
    """

    code = "MIG209"
    name = "batch-norm"
    effect = Effect.NOTES
    once = True
    reason = "harmless with large batches; with small ones the statistics of a single process may be too noisy"
    help = (
        "for small batches on GPUs, add `model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)` before `prepare`"
    )

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.nn\.(modules\.\w+\.)?(Lazy)?BatchNorm[123]d"):
            yield call, f"`{shown(training, call)}` normalises with the statistics of each process's batch"


class Contrast(AdviceRule):
    """Report losses that compare the samples of a batch with each other.

    What: `z @ z.t()`, `torch.mm(image, text.T)` on features of a batch, as in contrastive losses.
    Why: each process compares only the samples of its own batch, not those of all N batches of the step.
    Safety: never edits.
    Source: torch.distributed.nn.functional.all_gather, which gradients flow through.
    """

    code = "MIG913"
    name = "contrast"
    effect = Effect.NOTES
    reason = "each process compares only its own samples, not those of all N batches of the step"
    help = "increase the batch size, or gather all features with `torch.distributed.nn.functional.all_gather`, which has gradients"

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
                yield node, f"`{shown(training, node)}` compares the samples of one batch with each other"


class CarriedState(AdviceRule):
    """Report hidden states that are passed from one batch to the next.

    What: `output, hidden = model(x, hidden)` in the loop over the batches, where `hidden` is used for the next batch.
    Why: a prepared loader gives each of N processes every N-th batch, so the next batch of a process does not continue the
    previous one.
    Safety: never edits. A state that is reset for each batch is not reported.
    Source: Accelerate's `BatchSamplerShard`.
    """

    code = "MIG913"
    name = "carried-state"
    effect = Effect.REVIEWS
    reason = "each of N processes gets every N-th batch, so the state of one batch is used for a batch that does not follow it"
    help = "give each process a contiguous part of the data, or reset the state for each batch"

    def sites(self, training: Training) -> Sites:
        for event in training.events(Forwarded):
            loop = next(enclosing(event.node, s.For), None)
            trained = event.item.kind is Kind.MODEL and event.item.prepared
            if (
                not trained
                or loop is None
                or loop not in training.components.batch_loops
                or not any(x.kind is Kind.BATCH for x in event.given)
            ):
                continue
            for part in (x for arg in event.node.args for x in arg.value.walk() if isinstance(x, s.Name)):
                if _is_carried(training, part, loop):
                    yield event.node, f"`{part.id}` is passed from one batch to the next"


class WrittenBuffer(AdviceRule):
    """Report buffers that a model writes during training.

    What: a queue of keys or a memory bank: `self.register_buffer("queue", ...)`, and `self.queue[:, i:j] = keys` in a
    method.
    Why: before each forward, DDP copies the buffers of the main process to the others, so what these wrote is lost.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel, `broadcast_buffers`.
    """

    code = "MIG913"
    name = "written-buffer"
    effect = Effect.REVIEWS
    reason = (
        "before each forward, DDP copies the buffers of the main process to the others, so what these wrote is lost"
    )
    help = "gather the values of all processes first, so that each one writes the same"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for owner in module.nodes(s.ClassDef):
                buffers = set(_buffers(owner))
                for node in owner.walk() if buffers else ():
                    if isinstance(node, s.Subscript) and node.store and _own_attribute(node.value) in buffers:
                        yield node, f"`{shown(training, node)}` writes to a buffer of the model"


def _is_carried(training: Training, name: s.Name, loop: s.For, depth: int = 3) -> bool:
    """Whether a variable holds what a model returned in the previous iteration of a loop."""
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
    """Whether an operand is a transposed matrix: ``z.t()``, ``z.T``."""
    if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and not node.args:
        return node.func.name == "t" or (node.func.name == "contiguous" and _is_turned(node.func.value))
    return isinstance(node, s.Attribute) and node.name in ("T", "mT")


def _is_feature(training: Training, node: s.Node) -> bool:
    """Whether a tensor was computed from a batch by a model that is trained."""
    roots = {root for item in training.value(node) if item.kind is Kind.TENSOR for root in item.of}
    return any(x.kind is Kind.BATCH for x in roots) and any(x.kind in (Kind.MODEL, Kind.PART) for x in roots)


def _buffers(owner: s.ClassDef) -> Iterator[object]:
    for node in owner.walk():
        if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and node.func.name == "register_buffer":
            name = node.argument(0, "name")
            if isinstance(name, s.Literal):
                yield name.value


def _own_attribute(node: s.Node) -> str | None:
    if isinstance(node, s.Attribute) and isinstance(node.value, s.Name) and node.value.id == "self":
        return node.name
    return None


RULES: tuple[type[AdviceRule], ...] = (BatchNorm, Contrast, CarriedState, WrittenBuffer)
