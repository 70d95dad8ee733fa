"""Metrics that a process computes from its own share of the batches."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.rules.advice import AdviceRule, Sites, enclosing, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.rank_divergence import Origin
from migrator.training.training import Training

_SHARES = frozenset({Origin.SHARE, Origin.PARTLY})
_SEVERAL = "harmless as a progress display: each process adds up its own numbers, so the total covers only the batches of this process"


class CountedExamples(AdviceRule):
    """Report counts of correct predictions over a prepared loader.

    What: `correct += pred.eq(y).sum().item()` in the loop over the training batches.
    Why: each process counts its own share of the batches, and the main process prints its own count.
    Safety: never edits: as a progress display, the count of one process is good enough.
    Source: Accelerate's `gather_for_metrics`.
    """

    code = "MIG601"
    name = "per-example-metric"
    effect = Effect.NOTES
    reason = _SEVERAL
    help = "to count over all processes: `pred, y = accelerator.gather_for_metrics((pred, y))` before counting"

    def sites(self, training: Training) -> Sites:
        for statement in _first_in_loop(_sums(training, counts=True)):
            yield statement, f"`{shown(training, statement)}` counts only the samples of this process"


class DatasetDenominator(AdviceRule):
    """Report sums of one process that are divided by the size of the whole dataset.

    What: `correct / len(loader.dataset)`, where `correct` was counted over a prepared loader.
    Why: on N processes each one sees 1/N of the dataset, so the result is 1/N of the right value.
    Safety: never edits; on one process the result is right.
    Source: Accelerate's `gather_for_metrics`.
    """

    code = "MIG602"
    name = "dataset-denominator"
    effect = Effect.REVIEWS
    reason = "on N processes the sum is over 1/N of the dataset, so the result is 1/N of the right value"
    help = "sum over all processes with `accelerator.reduce` first, or divide by the number of samples that this process has seen"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for node in module.nodes(s.Binary):
                whole = node.operator == "Divide" and _is_dataset_length(training, node.right)
                if whole and training.is_involved(node) and _SHARES & training.divergence.of(node.left):
                    yield (
                        node,
                        f"`{shown(training, node)}` divides the sum of one process by the size of the whole dataset",
                    )


class SummedLoss(AdviceRule):
    """Report losses that are summed over a prepared loader.

    What: `total += loss.item()`, `meter.update(loss.item(), n)` in the loop over the training batches.
    Why: each process sums the losses of its own share of the batches, and the main process prints its own sum.
    Safety: never edits: as a progress display, the loss of one process is good enough.
    Source: Accelerate's `Accelerator.reduce`.
    """

    code = "MIG603"
    name = "summed-loss"
    effect = Effect.NOTES
    reason = _SEVERAL
    help = (
        "for all processes: `accelerator.reduce(total, 'mean')` after the loop, with `total` a tensor; "
        "`'mean'` for an average over batches, `'sum'` for a count"
    )

    def sites(self, training: Training) -> Sites:
        for statement in _first_in_loop(_sums(training, counts=False)):
            yield statement, f"`{shown(training, statement)}` sums only over the batches of this process"


class ListedPredictions(AdviceRule):
    """Report lists of results of a prepared loader's batches.

    What: `predictions.extend(pred.tolist())` in the loop over the training batches.
    Why: the list of each process holds the results of its own share of the batches.
    Safety: never edits.
    Source: Accelerate's `gather_for_metrics`.
    """

    code = "MIG604"
    name = "listed-predictions"
    effect = Effect.NOTES
    reason = "harmless if the list is only shown: it holds only the results of the batches of this process"
    help = "to collect all results, pass a tensor through `accelerator.gather_for_metrics` before it is appended"

    def sites(self, training: Training) -> Sites:
        for statement in _first_in_loop(_listings(training)):
            yield statement, f"`{shown(training, statement)}` collects only the results of this process"


def _sums(training: Training, counts: bool) -> Iterator[s.Node]:
    """Statements by which a loop over the training batches adds up numbers: counts of matches, or anything else."""
    for module in training.modules:
        for node in module.nodes(s.Augment):
            if node.operator == "Add" and _is_shared(training, node, node.value):
                if _compares(node.value) is counts and _starts_outside(node):
                    yield node
        for call in module.nodes(s.Call) if not counts else ():
            func = call.func
            meter = (
                isinstance(func, s.Attribute) and func.name in ("update", "add") and isinstance(call.parent, s.Evaluate)
            )
            if meter and call.args and _is_shared(training, call, call.args[0].value):
                yield call.statement


def _starts_outside(node: s.Augment) -> bool:
    """Whether a sum continues over the iterations of its loop (``loss += penalty`` starts again in each)."""
    loop = next(enclosing(node, s.For, s.While), None)
    target = node.target
    if not isinstance(target, s.Name):
        return isinstance(target, s.Attribute)
    scope = target.scope.resolve(target.id)
    stores = scope.names.get(target.id, []) if scope is not None else []
    restarts = [x for x in stores if x.store and isinstance(x.parent, s.Assign)]
    return not any(outer is loop for x in restarts for outer in enclosing(x, s.For, s.While))


def _listings(training: Training) -> Iterator[s.Node]:
    for module in training.modules:
        for call in module.nodes(s.Call):
            func = call.func
            if (
                isinstance(func, s.Attribute)
                and func.name in ("append", "extend")
                and isinstance(call.parent, s.Evaluate)
            ):
                if call.args and _is_shared(training, call, call.args[0].value):
                    yield call.statement


def _is_shared(training: Training, node: s.Node, value: s.Node) -> bool:
    """Whether a statement in a loop over the batches of a prepared loader uses a number that differs between processes."""
    loop = next(enclosing(node, s.For, s.While), None)
    # `for x in enumerate(loader)`: the loader is inside the loop's expression
    draws = loop.iter.walk() if isinstance(loop, s.For) else ()
    draws_batches = loop in training.components.batch_loops or any(x in training.shared_draws for x in draws)
    return draws_batches and bool(_SHARES & training.divergence.of(value))


def _compares(value: s.Node) -> bool:
    """Whether a number counts matches."""
    return any(
        (isinstance(x, s.Compare) and x.operators == ["=="])
        or (isinstance(x, s.Attribute) and x.name in ("eq", "equal"))
        for x in value.walk()
    )


def _first_in_loop(statements: Iterator[s.Node]) -> Iterator[s.Node]:
    """The first of the statements in each loop, which is reported for all of them."""
    loops = set()
    for statement in statements:
        loop = next(enclosing(statement, s.For, s.While), None)
        if loop not in loops:
            loops.add(loop)
            yield statement


def _is_dataset_length(training: Training, node: s.Node) -> bool:
    if any(x.kind is Kind.LENGTH and x.of[0].kind is Kind.DATASET for x in training.value(node)):
        return True
    inside = [x for x in node.walk() if isinstance(x, s.Call) and isinstance(x.func, s.Name) and x.func.id == "len"]
    return any(
        isinstance(x, (s.Name, s.Attribute)) and "dataset" in (x.id if isinstance(x, s.Name) else x.name)
        for call in inside
        for arg in call.args
        for x in arg.value.walk()
    )


RULES: tuple[type[AdviceRule], ...] = (CountedExamples, DatasetDenominator, SummedLoss, ListedPredictions)
