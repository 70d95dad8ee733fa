"""Gradients and parameters that the script reads or changes directly."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.inference.trace import Called
from migrator.rules.advice import AdviceRule, Sites, calls_of, enclosing, shown
from migrator.rules.blockers import SHARDED
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training

_AUTOCAST = r"torch\.(cuda\.|cpu\.)?amp\.(\w+\.)?autocast|torch\.autocast"
_RANDOM = r"torch\.(rand|randn|rand_like|randn_like|normal|bernoulli|randint)"
_RANDOM_METHODS = frozenset({"normal_", "uniform_", "bernoulli_", "exponential_"})


class ClipNorm(AdviceRule):
    """Report gradient clipping by norm in scripts with `autocast`.

    What: `torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)`.
    Why: after `backward` every process has the same gradients and clips them in the same way, so it is not changed. With
    `mixed_precision="fp16"` the gradients would still be scaled, so it is reported in scripts that use `autocast`.
    Safety: never edits.
    Source: Accelerate's `Accelerator.clip_grad_norm_`.
    """

    code = "MIG308"
    name = "clip-norm"
    effect = Effect.NOTES
    once = True
    reason = 'harmless, but with `mixed_precision="fp16"` it would clip scaled gradients'
    help = "if you set `mixed_precision`, call `accelerator.clip_grad_norm_` instead"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.nn\.utils\.(clip_grad\.)?clip_grad_norm_?"):
            if _mixes(training):
                yield call, f"`{shown(training, call)}` was not changed"


class ClipValue(AdviceRule):
    """Report gradient clipping by value in scripts with `autocast`.

    What: `torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)`.
    Why: with `mixed_precision="fp16"` the gradients would still be scaled, as for clipping by norm (MIG308).
    Safety: never edits.
    Source: Accelerate's `Accelerator.clip_grad_value_`.
    """

    code = "MIG309"
    name = "clip-value"
    effect = Effect.NOTES
    once = True
    reason = 'harmless, but with `mixed_precision="fp16"` it would clip scaled gradients'
    help = "if you set `mixed_precision`, call `accelerator.clip_grad_value_` instead"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.nn\.utils\.(clip_grad\.)?clip_grad_value_"):
            if _mixes(training):
                yield call, f"`{shown(training, call)}` was not changed"


class NoisyGradient(AdviceRule):
    """Report random noise that is added to gradients or parameters.

    What: `p.grad += torch.randn_like(p.grad)`, `p.data.add_(torch.randn(p.shape))`.
    Why: each process draws different noise, so the replicas diverge permanently.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel, which averages gradients once, in `backward`.
    """

    code = "MIG310"
    name = "grad-noise"
    effect = Effect.REVIEWS
    reason = "each process draws different noise, so the replicas diverge permanently"
    help = "draw the noise from a `torch.Generator` with the same seed on every process"

    def sites(self, training: Training) -> Sites:
        random = set(calls_of(training, _RANDOM))
        for _, statement in _parameter_writes(training):
            words = {x.func.name for x in statement.walk() if isinstance(x, s.Call) and isinstance(x.func, s.Attribute)}
            if words & _RANDOM_METHODS or any(x in random for x in statement.walk()):
                yield statement, f"`{shown(training, statement)}` adds random noise to gradients or parameters"


class ShardedOptimizer(AdviceRule):
    """Report optimizers that shard their state between processes.

    What: `ZeroRedundancyOptimizer(model.parameters(), torch.optim.Adam)`.
    Why: it needs an initialised process group when it is created; on one process there is none.
    Safety: blocks the program; none of its files is changed.
    Source: torch.distributed.optim.
    """

    code = "MIG312"
    name = "sharded-optimizer"
    effect = Effect.BLOCKS
    anywhere = True
    reason = "it needs an initialised process group; on one process there is none"
    help = "use the optimizer class that it wraps, for example `torch.optim.Adam`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, rf"torch\.distributed\.optim\.(\w+\.)*({SHARDED})"):
            yield call, f"`{shown(training, call)}` shards the optimizer state between processes"


class ManualGradients(AdviceRule):
    """Report gradients of parameters that are computed without `backward`.

    What: `torch.autograd.grad(loss, model.parameters())`, `torch.func.functional_call(model, ...)`, `higher`.
    Why: only the gradients of a `backward` through the forward of the prepared model are averaged over the processes.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.parallel.DistributedDataParallel, on autograd.grad.
    """

    code = "MIG904"
    name = "manual-gradients"
    effect = Effect.BLOCKS
    reason = "these gradients would not be averaged over the processes, so the replicas would diverge"
    help = "call `backward()` on one loss instead; or migrate this script manually, averaging the gradients with `accelerator.reduce`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.autograd\.grad"):
            inputs = call.argument(1, "inputs")
            parts = training.value(inputs) if inputs is not None else frozenset()
            if any(x.kind is Kind.PARAMETERS and any(map(training.is_required, x.of)) for x in parts):
                yield call, f"`{shown(training, call)}` computes gradients of parameters without `backward`"
        for call in calls_of(
            training, r"(torch\.func|functorch)\.(functional_call|grad|grad_and_value|make_functional\w*)|higher\.\w+"
        ):
            yield (
                call,
                f"`{shown(training, call)}` runs the model outside its `forward`, where gradients are not synchronised",
            )


class SecondOrder(AdviceRule):
    """Report second-order gradients.

    What: `loss.backward(create_graph=True)`.
    Why: averaging over the processes is not recorded in the graph, so second-order gradients are those of one process.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG904"
    name = "second-order"
    effect = Effect.REVIEWS
    reason = (
        "averaging over the processes is not recorded in that graph, so second-order gradients differ between processes; "
        "harmless if these gradients are not differentiated again"
    )
    help = "if they are, use `torch.autograd.grad` and add the result to the loss"

    def sites(self, training: Training) -> Sites:
        for event in training.components.backwards:
            value = event.node.argument(2, "create_graph") if isinstance(event.node, s.Call) else None
            if isinstance(value, s.Literal) and value.value is True:
                yield event.node, f"`{shown(training, event.node)}` creates a graph for second-order gradients"


class LateParameters(AdviceRule):
    """Report parameters that are unfrozen after `prepare`.

    What: `p.requires_grad = True` in the training loop for parameters that were frozen before it.
    Why: DDP registers the parameters that require a gradient once, when it wraps the model.
    Safety: blocks the program; none of its files is changed. Freezing and unfreezing within the loop is not reported.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG917"
    name = "late-parameters"
    effect = Effect.BLOCKS
    reason = "`prepare` wraps the model before that, so the gradients of these parameters would not be averaged"
    help = "keep them trainable from the start, with a learning rate of 0 until then"

    def sites(self, training: Training) -> Sites:
        switches = list(_switches(training))
        frozen = any(value is False and not _in_training(training, node) for node, value in switches)
        for node, value in switches:
            if value is True and frozen and _in_training(training, node):
                yield node, f"`{shown(training, node)}` unfreezes parameters after training has started"


class LateGroup(AdviceRule):
    """Report parameters that are added to an optimizer after `prepare`.

    What: `optimizer.add_param_group({"params": head.parameters()})` in the training loop.
    Why: their gradients are averaged only if they belong to a prepared model.
    Safety: never edits.
    Source: torch.optim.Optimizer.add_param_group.
    """

    code = "MIG917"
    name = "late-group"
    effect = Effect.REVIEWS
    reason = "their gradients are averaged only if they belong to a prepared model"
    help = "give the optimizer all its parameters before the training loop"

    def sites(self, training: Training) -> Sites:
        for event in training.events(Called):
            if event.method == "add_param_group" and training.is_required(event.item) and event.item.prepared:
                yield event.node, f"`{shown(training, event.node)}` adds parameters after `prepare`"


class ParameterWrites(AdviceRule):
    """Report parameters that the script changes without an optimizer.

    What: `for p in critic.parameters(): p.data.clamp_(-c, c)`.
    Why: all processes have the same parameters and change them in the same way, so it is not changed.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG918"
    name = "parameter-write"
    effect = Effect.NOTES
    reason = "harmless: every process changes the same parameters in the same way"

    def sites(self, training: Training) -> Sites:
        loops = set()
        for loop, statement in _parameter_writes(training):
            if loop not in loops and not _reads_gradient(statement):
                loops.add(loop)
                yield statement, f"`{shown(training, statement)}` was not changed"


class ManualStep(AdviceRule):
    """Report parameter updates that the script computes without an optimizer.

    What: `for p in model.parameters(): p.data.add_(p.grad, alpha=-lr)`.
    Why: after `accelerator.backward` every process has the same gradients, and takes the same step, so it is not changed.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG918"
    name = "manual-step"
    effect = Effect.NOTES
    reason = "harmless: after `accelerator.backward` every process has the same gradients, and takes the same step"

    def sites(self, training: Training) -> Sites:
        for loop, statement in _parameter_writes(training):
            if not _reads_gradient(_changed(statement)) and _reads_gradient(statement):
                yield loop.iter, f"The parameter update `{shown(training, statement)}` was not changed"


def _changed(statement: s.Statement) -> s.Expression:
    """What a statement changes in place: `p.data` of `p.data.add_(...)` and of `p.data = ...`."""
    if isinstance(statement, s.Evaluate):
        assert isinstance(statement.value, s.Call)
        return statement.value.func
    if isinstance(statement, s.Augment):
        return statement.target
    assert isinstance(statement, (s.Assign, s.Delete))
    return statement.targets[0]


def _reads_gradient(node: s.Node) -> bool:
    return any(isinstance(x, s.Attribute) and x.name == "grad" for x in node.walk())


def _mixes(training: Training) -> bool:
    """Whether the script uses mixed precision, for which MIG304 suggests the Accelerator."""
    return any(True for _ in calls_of(training, _AUTOCAST))


def _parameter_writes(training: Training) -> Iterator[tuple[s.For, s.Statement]]:
    """Statements in the training that change parameters or their gradients in place, each with its loop over them."""
    for module in training.modules:
        for loop in module.nodes(s.For):
            owners = [x for x in training.value(loop.iter) if x.kind is Kind.PARAMETERS]
            if not any(training.is_required(x) for item in owners for x in item.of) or not _in_training(training, loop):
                continue
            for block in loop.blocks():
                for statement in block.statements:
                    if _changes_in_place(statement):
                        yield loop, statement


def _changes_in_place(statement: s.Node) -> bool:
    if isinstance(statement, s.Evaluate) and isinstance(statement.value, s.Call):
        func = statement.value.func
        return (
            isinstance(func, s.Attribute) and func.name.endswith("_") and func.name not in ("requires_grad_", "zero_")
        )
    targets = [statement.target] if isinstance(statement, s.Augment) else getattr(statement, "targets", [])
    return any(isinstance(x, s.Attribute) and x.name in ("data", "grad") for x in targets)


def _switches(training: Training) -> Iterator[tuple[s.Node, bool]]:
    """Statements and calls that freeze or unfreeze parameters, each with what it sets."""
    for module in training.modules:
        for node in module.nodes(s.Assign):
            target, value = node.targets[0], node.value
            if isinstance(target, s.Attribute) and target.name == "requires_grad" and isinstance(value, s.Literal):
                yield node, value.value is True
        for call in module.nodes(s.Call):
            if isinstance(call.func, s.Attribute) and call.func.name == "requires_grad_":
                given = call.args[0].value if call.args else None
                if given is None or isinstance(given, s.Literal):
                    yield call, given is None or given.value is True


def _in_training(training: Training, node: s.Node) -> bool:
    """Whether code runs in the loop that trains, here or where its function is called."""
    if any(loop in training.components.loops for loop in enclosing(node, s.For, s.While)):
        return True
    scope: s.Node | None = node
    while scope is not None and not isinstance(scope, (s.FunctionDef, s.Root)):
        scope = scope.parent
    assert scope is not None
    frames = training.after.trace.frames.get(scope, [])
    return any(f.loop is not None and {x.node for x in f.loop.nest()} & training.components.loops for f in frames)


RULES: tuple[type[AdviceRule], ...] = (
    ClipNorm, ClipValue, NoisyGradient, ShardedOptimizer, ManualGradients, SecondOrder, LateParameters, LateGroup, ParameterWrites,
    ManualStep,
)  # fmt: skip
