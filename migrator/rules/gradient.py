"""Gradients and parameters that the script handles itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator.inference.objects import Kind
from migrator.inference.trace import Called
from migrator.rules.advice import AdviceRule, Sites, calls_of, enclosing, shown
from migrator.rules.blockers import SHARDED
from migrator.rules.change import Level
from migrator.source import syntax as s
from migrator.training.training import Training

_AUTOCAST = r"torch\.(cuda\.|cpu\.)?amp\.(\w+\.)?autocast|torch\.autocast"
_RANDOM = r"torch\.(rand|randn|rand_like|randn_like|normal|bernoulli|randint)"
_RANDOM_METHODS = frozenset({"normal_", "uniform_", "bernoulli_", "exponential_"})


class ClipNorm(AdviceRule):
    """Leave clipping by norm where it is.

    What: `torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)`.
    Why: once `backward` is through, every process has the same gradients, and clips them alike. Under fp16 they are still
    scaled; so it is mentioned beside `autocast`.
    Safety: nothing is edited.
    Source: Accelerate's `Accelerator.clip_grad_norm_`.
    """

    code = "MIG308"
    name = "clip-norm"
    level = Level.NOTE
    once = True
    reason = 'it is right as it is, but not under `mixed_precision="fp16"`, where gradients are scaled'
    help = "with `mixed_precision`, use `accelerator.clip_grad_norm_`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.nn\.utils\.(clip_grad\.)?clip_grad_norm_?"):
            if _mixes(training):
                yield call, f"`{shown(training, call)}` is left as it is"


class ClipValue(AdviceRule):
    """Leave clipping by value where it is.

    What: `torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)`.
    Why: as for clipping by norm (MIG308).
    Safety: nothing is edited.
    Source: Accelerate's `Accelerator.clip_grad_value_`.
    """

    code = "MIG309"
    name = "clip-value"
    level = Level.NOTE
    once = True
    reason = 'it is right as it is, but not under `mixed_precision="fp16"`, where gradients are scaled'
    help = "with `mixed_precision`, use `accelerator.clip_grad_value_`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.nn\.utils\.(clip_grad\.)?clip_grad_value_"):
            if _mixes(training):
                yield call, f"`{shown(training, call)}` is left as it is"


class NoisyGradient(AdviceRule):
    """Report gradients and parameters that get random noise.

    What: `p.grad += torch.randn_like(p.grad)`, `p.data.add_(torch.randn(p.shape))`.
    Why: each process draws its own noise, and nothing brings the parameters together again.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel, which averages gradients once, in `backward`.
    """

    code = "MIG310"
    name = "grad-noise"
    reason = "each process draws its own noise, and their parameters part for good"
    help = "draw it from a `torch.Generator` that has the same seed in every process"

    def sites(self, training: Training) -> Sites:
        random = set(calls_of(training, _RANDOM))
        for _, statement in _parameter_writes(training):
            words = {x.func.name for x in statement.walk() if isinstance(x, s.Call) and isinstance(x.func, s.Attribute)}
            if words & _RANDOM_METHODS or any(x in random for x in statement.walk()):
                yield statement, f"`{shown(training, statement)}` adds noise to what all processes share"


class ShardedOptimizer(AdviceRule):
    """Report optimizers that share their state out.

    What: `ZeroRedundancyOptimizer(model.parameters(), torch.optim.Adam)`.
    Why: it needs a process group when it is made, before the Accelerator has one ready for it.
    Safety: reported only; the program is left alone.
    Source: torch.distributed.optim.
    """

    code = "MIG312"
    name = "sharded-optimizer"
    blocks = True
    anywhere = True
    reason = "it needs a process group of its own"
    help = "use the optimizer that it wraps"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, rf"torch\.distributed\.optim\.(\w+\.)*({SHARDED})"):
            yield call, f"`{shown(training, call)}` shares its state out"


class GradientsByHand(AdviceRule):
    """Stop where the gradients of parameters are taken by hand.

    What: `torch.autograd.grad(loss, model.parameters())`, `torch.func.functional_call(model, ...)`, `higher`.
    Why: only a backward through the prepared model's own forward is averaged over the processes.
    Safety: reported only; the program is left alone.
    Source: torch.nn.parallel.DistributedDataParallel, on autograd.grad.
    """

    code = "MIG904"
    name = "gradients-by-hand"
    blocks = True
    reason = "these gradients would not be averaged over the processes"
    help = "make one loss of it and call `backward()`, or average by hand with `accelerator.reduce`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.autograd\.grad"):
            inputs = call.argument(1, "inputs")
            parts = training.value(inputs) if inputs is not None else frozenset()
            if any(x.kind is Kind.PARAMETERS and any(map(training.is_required, x.of)) for x in parts):
                yield call, f"`{shown(training, call)}` takes the gradients of parameters by hand"
        for call in calls_of(
            training, r"(torch\.func|functorch)\.(functional_call|grad|grad_and_value|make_functional\w*)|higher\.\w+"
        ):
            yield call, f"`{shown(training, call)}` computes a model's gradients its own way"


class SecondOrder(AdviceRule):
    """Report gradients of gradients of parameters.

    What: `loss.backward(create_graph=True)`.
    Why: the average over the processes is no part of the graph, so that what is differentiated again is one process's own.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG904"
    name = "second-order"
    reason = "a second backward does not go through the average over the processes"
    help = "make sure that the graph serves one loss that is back-propagated once"

    def sites(self, training: Training) -> Sites:
        for event in training.components.backwards:
            value = event.node.argument(2, "create_graph") if isinstance(event.node, s.Call) else None
            if isinstance(value, s.Literal) and value.value is True:
                yield event.node, f"`{shown(training, event.node)}` keeps the graph of its gradients"


class LateParameters(AdviceRule):
    """Stop where parameters come to be trained after `prepare`.

    What: `p.requires_grad = True` in the training loop for parameters that were frozen before it.
    Why: DDP gathers the parameters that require a gradient once, when it wraps the model.
    Safety: reported only; the program is left alone. Switching off and on again within the loop stays.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG917"
    name = "late-parameters"
    blocks = True
    reason = "`prepare` has wrapped the model without them, so that their gradients would not be averaged"
    help = "leave them trainable, and give them a learning rate of 0 at first"

    def sites(self, training: Training) -> Sites:
        switches = list(_switches(training))
        frozen = any(value is False and not _in_training(training, node) for node, value in switches)
        for node, value in switches:
            if value is True and frozen and _in_training(training, node):
                yield node, f"`{shown(training, node)}` unfreezes parameters during the training"


class LateGroup(AdviceRule):
    """Report parameters that an optimizer gets after `prepare`.

    What: `optimizer.add_param_group({"params": head.parameters()})` in the training loop.
    Why: their gradients are averaged only if they belong to a prepared model.
    Safety: nothing is edited.
    Source: torch.optim.Optimizer.add_param_group.
    """

    code = "MIG917"
    name = "late-group"
    reason = "their gradients are averaged only if they belong to a prepared model"
    help = "give the optimizer all of its parameters before `prepare`"

    def sites(self, training: Training) -> Sites:
        for event in training.events(Called):
            if event.method == "add_param_group" and training.is_required(event.item) and event.item.prepared:
                yield event.node, f"`{shown(training, event.node)}` adds parameters after `prepare`"


class ParameterWrites(AdviceRule):
    """Leave parameters alone that the script changes without a gradient.

    What: `for p in critic.parameters(): p.data.clamp_(-c, c)`.
    Why: all processes have the same parameters, and change them alike.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG918"
    name = "parameter-write"
    level = Level.NOTE
    reason = "every process does the same to the same parameters, so that they stay equal"

    def sites(self, training: Training) -> Sites:
        loops = set()
        for loop, statement in _parameter_writes(training):
            if loop not in loops and not _reads_gradient(statement):
                loops.add(loop)
                yield statement, f"`{shown(training, statement)}` is left as it is"


class StepByHand(AdviceRule):
    """Leave a step alone that the script takes itself.

    What: `for p in model.parameters(): p.data.add_(p.grad, alpha=-lr)`.
    Why: behind `accelerator.backward` every process has the same gradients, and takes the same step.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG918"
    name = "hand-step"
    level = Level.NOTE
    reason = "behind `accelerator.backward` every process has the same gradients, and takes the same step"

    def sites(self, training: Training) -> Sites:
        for loop, statement in _parameter_writes(training):
            if not _reads_gradient(_changed(statement)) and _reads_gradient(statement):
                yield loop.iter, f"The step by hand in `{shown(training, statement)}` is left as it is"


def _changed(statement: Any) -> Any:
    """What a statement changes in place: `p.data` of `p.data.add_(...)` and of `p.data = ...`."""
    if isinstance(statement, s.Evaluate):
        call: Any = statement.value
        return call.func
    return statement.target if isinstance(statement, s.Augment) else statement.targets[0]


def _reads_gradient(node: s.Node) -> bool:
    return any(isinstance(x, s.Attribute) and x.name == "grad" for x in node.walk())


def _mixes(training: Training) -> bool:
    """Whether the script computes in mixed precision, which MIG304 advises to leave to the Accelerator."""
    return any(True for _ in calls_of(training, _AUTOCAST))


def _parameter_writes(training: Training) -> Iterator[tuple[s.For, s.Node]]:
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


def _in_training(training: Training, node: Any) -> bool:
    """Whether code runs in the loop that trains, here or where its function is called."""
    if any(loop in training.components.loops for loop in enclosing(node, (s.For, s.While))):
        return True
    scope = node
    while not isinstance(scope, (s.FunctionDef, s.Root)):
        scope = scope.parent
    frames = training.after.trace.frames.get(scope, [])
    return any(f.loop is not None and {x.node for x in f.loop.nest()} & training.components.loops for f in frames)


RULES: tuple[type[AdviceRule], ...] = (
    ClipNorm, ClipValue, NoisyGradient, ShardedOptimizer, GradientsByHand, SecondOrder, LateParameters, LateGroup, ParameterWrites,
    StepByHand,
)  # fmt: skip
