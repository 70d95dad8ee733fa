"""Conditions whose outcome may differ between processes."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.inference.trace import Backpropagated, Event, Forwarded
from migrator.rules.advice import AdviceRule, Sites, enclosing, shown
from migrator.rules.main_process import is_guarded
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.rank_divergence import Origin
from migrator.training.training import Training

_WORDS = {
    Origin.SHARE: "the batches of each process",
    Origin.PARTLY: "the batches of each process",
    Origin.CLOCK: "the clock of each process",
    Origin.CHANCE: "random numbers that differ between processes",
}


class Divergence(AdviceRule):
    """Report conditions by which one process may skip a step, or leave the loop, while the others train on.

    What: `if loss.isnan(): continue`, `if mean_loss < 0.01: break`, `while time.time() < deadline`, `if d_loss > 0.5:
    optimizer.step()`, where the condition depends on the batches, the clock or the random numbers of one process.
    Why: every backward of a prepared model waits for all processes: if one of them skips it, the others hang, or the
    replicas diverge. Conditions on an evaluation loader have the same outcome everywhere and are not reported.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.parallel.DistributedDataParallel; Accelerate's `set_trigger` and `check_trigger`.
    """

    code = "MIG910"
    name = "rank-divergence"
    effect = Effect.BLOCKS
    reason = "the outcome may differ between processes: one trains on while another does not, and the program hangs"
    help = (
        "remove this condition and run migrate again; then add it back with a value that is the same on all processes: "
        "for a loss `accelerator.gather(loss.detach()).mean()`, for a time limit a decision of the main process that the "
        "others receive"
    )

    def sites(self, training: Training) -> Sites:
        for node in _conditions(training):
            if _parts(training, node) and (origins := training.divergence.of(node.test)):
                where = " and ".join(sorted({_WORDS[origin] for origin in origins}))
                yield node, f"`{shown(training, node.test)}` decides whether to train on, and depends on {where}"


class SwallowedError(AdviceRule):
    """Report `except` clauses that catch errors of a training step.

    What: `try: loss.backward() ... except RuntimeError: continue`, for example to skip a batch when memory runs out.
    Why: if one process skips the step, the others wait for it for ever.
    Safety: never edits. `except StopIteration` and `except KeyboardInterrupt` are not reported.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG910"
    name = "swallowed-error"
    effect = Effect.REVIEWS
    reason = "if one process skips the step, the others wait for it for ever"
    help = "raise the error again, so that torchrun stops all processes"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for node in module.nodes(s.Try):
                inside = set(node.body.walk())
                if node.handlers and _trains(training, inside) and _in_training_loop(training, node):
                    for handler in node.handlers:
                        if not _is_expected(handler) and not any(isinstance(x, s.Raise) for x in handler.body.walk()):
                            first = handler.type or handler.body.statements[0]
                            yield (
                                first,
                                "This catches errors of a training step, so that one process may skip a step that the others take",
                            )


class OwnDecision(AdviceRule):
    """Report saves that depend on a number of the main process only.

    What: `if mean_loss < best: torch.save(...)`, where the loss is that of the batches of one process.
    Why: the main process saves, and compares the loss of its own share of the training data.
    Safety: never edits.
    Source: Accelerate's guide on metrics.
    """

    code = "MIG506"
    name = "own-decision"
    effect = Effect.NOTES
    reason = "the main process saves, and only knows the numbers of its own share of the batches"
    help = "compare `accelerator.gather(loss.detach()).mean()` instead"

    def sites(self, training: Training) -> Sites:
        saves = {call for _, call in training.calls.get("torch.save", [])}
        for node in _conditions(training) if saves else ():
            decides = saves.intersection(_arms(node)) and not _parts(training, node)
            if decides and Origin.SHARE in training.divergence.of(node.test):
                yield (
                    node,
                    f"`{shown(training, node.test)}` decides whether to save, by numbers of the main process only",
                )


class GuardedForward(AdviceRule):
    """Report prepared models that only the main process runs.

    What: `if rank == 0: evaluate(model)`, `if accelerator.is_main_process: model(x)`.
    Why: the forward and backward of a prepared model communicate with the other processes, so the program hangs.
    Safety: blocks the program; none of its files is changed. `unwrap_model(model)` may run on one process.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG911"
    name = "guarded-forward"
    effect = Effect.BLOCKS
    reason = "the forward of a prepared model communicates with the other processes, so the program would hang"
    help = "run it on every process, or run `accelerator.unwrap_model(model)` under `torch.no_grad()`"

    def sites(self, training: Training) -> Sites:
        for event in training.after.trace.events:
            for _, statement in event.steps() if _runs_model(event) else ():
                if is_guarded(training, statement):
                    yield event.node, f"Only the main process runs the model here: `{shown(training, event.node)}`"
                    break


def _runs_model(event: Event) -> bool:
    """Whether a prepared model runs forward, or anything backward."""
    if isinstance(event, Forwarded):
        return event.item.kind is Kind.MODEL and event.item.prepared
    return isinstance(event, Backpropagated)


def _conditions(training: Training) -> Iterator[s.If | s.While]:
    """Give every `if` and `while` in the code that takes part in the training."""
    for module in training.modules:
        yield from filter(training.is_involved, [*module.nodes(s.If), *module.nodes(s.While)])


def _arms(node: s.Node) -> Iterator[s.Node]:
    """What is executed under a condition, without the bodies of functions defined there."""
    todo: list[s.Node] = [*node.blocks()] if isinstance(node, s.Statement) else []
    while todo:
        inner = todo.pop()
        if not isinstance(inner, (s.FunctionDef, s.ClassDef)):
            yield inner
            todo.extend(inner.children())


def _parts(training: Training, node: s.Node) -> bool:
    """Whether a condition decides if or how often something is trained."""
    if isinstance(node, s.While):
        return node in training.components.loops
    arms = set(_arms(node))
    return any(_leaves_training(training, x) for x in arms) or _trains(training, arms)


def _leaves_training(training: Training, node: s.Node) -> bool:
    """Whether a statement leaves a training loop, the rest of a turn of it, or a function before its backward."""
    if isinstance(node, s.Jump) and node.word != "pass":
        loop = next(enclosing(node, s.For, s.While), None)
        return loop in training.components.loops
    if isinstance(node, s.Return):
        if any(loop in training.components.loops for loop in enclosing(node, s.For, s.While)):
            return True
        order = training.order
        ahead = {event.node for event in training.components.backwards if event.frame.node is _function(node)}
        return any(order.is_before(node, other) for other in ahead)
    return False


def _trains(training: Training, arms: set[s.Node]) -> bool:
    components = training.components
    steps = [event for item in components.optimizers for event in components.steps_of(item)]
    return any(statement in arms for event in [*components.backwards, *steps] for _, statement in event.steps())


def _in_training_loop(training: Training, node: s.Node) -> bool:
    return any(loop in training.components.loops for loop in enclosing(node, s.For, s.While))


def _is_expected(handler: s.Handler) -> bool:
    """Whether an exception is one that ends a loop on purpose, or that a user raises."""
    names = {x.id for x in handler.type.walk() if isinstance(x, s.Name)} if handler.type is not None else set()
    return bool(names & {"StopIteration", "KeyboardInterrupt", "SystemExit"})


def _function(node: s.Node | None) -> s.Node | None:
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        node = node.parent
    return node


RULES: tuple[type[AdviceRule], ...] = (Divergence, SwallowedError, OwnDecision, GuardedForward)
