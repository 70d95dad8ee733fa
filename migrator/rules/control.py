"""Decisions that one process may take and another not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator.inference.objects import Kind
from migrator.inference.trace import Backpropagated, Event, Forwarded
from migrator.rules.advice import AdviceRule, Sites, enclosing, shown
from migrator.rules.change import Level
from migrator.rules.main_process import is_guarded
from migrator.source import syntax as s
from migrator.training.rank_divergence import Origin
from migrator.training.training import Training

_WORDS = {
    Origin.SHARE: "each process's own share of the batches",
    Origin.PARTLY: "each process's own share of the batches",
    Origin.CLOCK: "each process's own clock",
    Origin.CHANCE: "random numbers that differ between processes",
}


class Divergence(AdviceRule):
    """Stop where processes may part: one trains on while another has left the loop or skipped a step.

    What: `if loss.isnan(): continue`, `if mean_loss < 0.01: break`, `while time.time() < deadline`, `if d_loss > 0.5:
    optimizer.step()`, where the condition comes of a process's own batches, clock or random numbers.
    Why: every backward of a prepared model waits for all processes: where one takes no part, the others wait for ever, or
    their parameters part. Decisions over an evaluation loader are the same everywhere, and stay.
    Safety: reported only; the program is left alone.
    Source: torch.nn.parallel.DistributedDataParallel; Accelerate's `set_trigger` and `check_trigger`.
    """

    code = "MIG910"
    name = "rank-divergence"
    blocks = True
    reason = "on several processes one may train on while another does not, and each waits for the other"
    help = "decide on a value that all share, such as `accelerator.gather(loss.detach()).mean()`"

    def sites(self, training: Training) -> Sites:
        for node in _conditions(training):
            if _parts(training, node) and (origins := training.divergence.of(node.test)):
                where = " and ".join(sorted({_WORDS[origin] for origin in origins}))
                yield node, f"`{shown(training, node.test)}` decides about the training by {where}"


class SwallowedError(AdviceRule):
    """Report errors of a training step that one process would survive.

    What: `try: loss.backward() ... except RuntimeError: continue`, as is done when memory runs out.
    Why: the process that skips the step leaves the others waiting in theirs.
    Safety: nothing is edited. `except StopIteration` and `except KeyboardInterrupt` are not mentioned.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG910"
    name = "swallowed-error"
    reason = "the process that skips the step leaves the others waiting in theirs"
    help = "raise it again, so that torchrun stops all of them"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for node in module.nodes(s.Try):
                inside = set(node.body.walk())
                if node.handlers and _trains(training, inside) and _in_training_loop(training, node):
                    for handler in node.handlers:
                        if not _is_expected(handler) and not any(isinstance(x, s.Raise) for x in handler.body.walk()):
                            first = handler.type or handler.body.statements[0]
                            yield first, "An error of a training step is survived by one process alone"


class OwnDecision(AdviceRule):
    """Say where a file depends on one process's own numbers.

    What: `if mean_loss < best: torch.save(...)`, where the loss is that of a process's own batches.
    Why: the main process writes, and decides by its share of the training data alone.
    Safety: nothing is edited.
    Source: Accelerate's guide on metrics.
    """

    code = "MIG506"
    name = "own-decision"
    level = Level.NOTE
    reason = "the main process decides by its own share of the batches"
    help = "compare `accelerator.gather(loss.detach()).mean()` instead"

    def sites(self, training: Training) -> Sites:
        saves = {call for _, call in training.calls.get("torch.save", [])}
        for node in _conditions(training) if saves else ():
            decides = saves.intersection(_arms(node)) and not _parts(training, node)
            if decides and Origin.SHARE in training.divergence.of(node.test):
                yield node, f"`{shown(training, node.test)}` decides what is saved"


class GuardedForward(AdviceRule):
    """Stop where the main process alone runs a prepared model.

    What: `if rank == 0: evaluate(model)`, `if accelerator.is_main_process: model(x)`.
    Why: a prepared model's forward and backward talk to the other processes, which are not there: all wait for ever.
    Safety: reported only; the program is left alone. `unwrap_model(model)` may run on one process.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG911"
    name = "guarded-forward"
    blocks = True
    reason = "the others would not take part, and each waits for the other"
    help = "let every process run it, or run `accelerator.unwrap_model(model)` without gradients"

    def sites(self, training: Training) -> Sites:
        for event in training.after.trace.events:
            for _, statement in event.steps() if _runs_model(event) else ():
                if is_guarded(training, statement):
                    yield event.node, f"`{shown(training, event.node)}` runs on the main process only"
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


def _arms(node: Any) -> Iterator[s.Node]:
    """What is executed under a condition, without the bodies of functions defined there."""
    todo = list(node.blocks())
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


def _leaves_training(training: Training, node: Any) -> bool:
    """Whether a statement leaves a training loop, the rest of a turn of it, or a function before its backward."""
    if isinstance(node, s.Jump) and node.word != "pass":
        loop = next(enclosing(node, (s.For, s.While)), None)
        return loop in training.components.loops
    if isinstance(node, s.Return):
        if any(loop in training.components.loops for loop in enclosing(node, (s.For, s.While))):
            return True
        order = training.order
        ahead = {event.node for event in training.components.backwards if event.frame.node is _function(node)}
        return any(order.is_before(node, other) for other in ahead)
    return False


def _trains(training: Training, arms: set[s.Node]) -> bool:
    components = training.components
    steps = [event for item in components.optimizers for event in components.steps_of(item)]
    return any(statement in arms for event in [*components.backwards, *steps] for _, statement in event.steps())


def _in_training_loop(training: Training, node: Any) -> bool:
    return any(loop in training.components.loops for loop in enclosing(node, (s.For, s.While)))


def _is_expected(handler: s.Handler) -> bool:
    """Whether an exception is one that ends a loop on purpose, or that a user raises."""
    names = {x.id for x in handler.type.walk() if isinstance(x, s.Name)} if handler.type is not None else set()
    return bool(names & {"StopIteration", "KeyboardInterrupt", "SystemExit"})


def _function(node: s.Node | None) -> s.Node | None:
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        node = node.parent
    return node


RULES: tuple[type[AdviceRule], ...] = (Divergence, SwallowedError, OwnDecision, GuardedForward)
