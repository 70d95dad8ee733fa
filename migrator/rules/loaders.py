"""Data loaders: which are prepared, and what N processes do with their batches."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Iterated
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.training.components import key_of
from migrator.training.training import Training


class EvaluationLoader(Rule):
    """Report evaluation loaders, which are not prepared.

    What: a loader that no training loop reads is not passed to `prepare`, and the moves of its batches are kept.
    Why: every process evaluates all of it. That takes as long as on one process, and its metrics are right without
    gathering.
    Safety: never edits.
    Source: Accelerate's guide on metrics.
    """

    code = "MIG206"
    name = "eval-loader"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        for item, is_shared in _evaluation_loaders(training):
            if is_shared:
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "This loader is not prepared: every process evaluates all of it",
                level=Level.NOTE,
                reason="harmless: metrics over it stay right, and evaluating takes as long as on one process",
            )


class SharedLoader(Rule):
    """Report evaluation loaders that are prepared because they share a variable with a training loader.

    What: one variable that holds a loader for training in some iterations of a loop, and one for evaluation in others.
    Why: both are passed to `prepare`, so each process evaluates only its share of the samples.
    Safety: never edits.
    Source: Accelerate's guide on metrics.
    """

    code = "MIG206"
    name = "shared-loader"
    effect = Effect.REVIEWS

    def check(self, training: Training) -> Iterator[Change]:
        for item, is_shared in _evaluation_loaders(training):
            if is_shared:
                yield Change(
                    self.code,
                    training.module_of(item.site),
                    item.site,
                    "This loader is also prepared when it evaluates, so each process evaluates only its share",
                    level=Level.REVIEW,
                    reason="on N processes the printed metrics cover only 1/N of the samples",
                    help="gather the metrics, or create the evaluation loader in a separate statement and variable",
                )


def _evaluation_loaders(training: Training) -> Iterator[tuple[Object, bool]]:
    """The loaders that no training loop reads, each with whether it is prepared along with one that is trained on."""
    shared = {
        key_of(event.item.raw)
        for event in training.events(Iterated)
        if event.item.kind is Kind.LOADER and event.item.prepared and not training.is_required(event.item)
    }
    for item in training.components.drawn_loaders() if training.required else ():
        if item not in training.components.loaders and item.site is not None:
            yield item, key_of(item) in shared


class BatchMeaning(Rule):
    """Report how N processes change the batch size and the number of steps.

    What: each process reads batches of the size that the script gives; one step trains on N of them, and an epoch has 1/N
    as many steps.
    Why: a learning rate that was tuned for one process may have to be adjusted.
    Safety: never edits.
    Source: Accelerate's `split_batches`.
    """

    code = "MIG211"
    name = "batch-semantics"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        for item in training.components.loaders:
            if item.site is None:
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "On N processes a step trains on N batches of this loader, and an epoch has 1/N as many steps",
                level=Level.NOTE,
                reason="the total batch size is N times that of one process, and learning rates are not adjusted",
            )


class NoLoader(Rule):
    """Report training loops without a DataLoader, whose data is not sharded.

    What: loops over tensors, generators or an environment.
    Why: without a loader that `prepare` can shard, all processes may do the same work.
    Safety: never edits.
    Source: Accelerate's `prepare_data_loader`.
    """

    code = "MIG912"
    name = "no-loader"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required or training.components.loaders:
            return
        event = training.components.backwards[0]
        loops = event.loops()
        node = loops[0].node if loops else event.node
        yield Change(
            self.code,
            training.module_of(node),
            node,
            "This loop reads from no DataLoader, so its data is not sharded: every process does all of the work",
            level=Level.NOTE,
            reason="the training is right, but no faster on several processes",
            help="if the samples come from a data set, read them through a DataLoader; "
            "if the loop generates them, seed each process differently",
        )


RULES: tuple[type[Rule], ...] = (EvaluationLoader, SharedLoader, BatchMeaning, NoLoader)
