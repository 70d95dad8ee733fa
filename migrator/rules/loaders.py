"""The loaders of a training, prepared or not: what N processes make of their batches."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.inference.trace import Iterated
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule
from migrator.training.components import key_of
from migrator.training.training import Training


class EvaluationLoader(Rule):
    """Leave evaluation loaders unprepared.

    What: a loader that no training loop learns from keeps its batches' moves.
    Why: every process then evaluates everything: slower, but its metrics are right without gathering. Where one variable
    holds a loader to train on and one to evaluate on by turns, both are prepared, and a review says so.
    Safety: nothing is edited.
    Source: Accelerate's guide on metrics.
    """

    code = "MIG206"
    name = "eval-loader"

    def check(self, training: Training) -> Iterator[Change]:
        shared = {
            key_of(event.item.raw)
            for event in training.events(Iterated)
            if event.item.kind is Kind.LOADER and event.item.prepared and not training.is_required(event.item)
        }
        for item in training.components.drawn_loaders():
            if item in training.components.loaders or item.site is None or not training.required:
                continue
            if key_of(item) in shared:
                yield Change(
                    self.code,
                    training.module_of(item.site),
                    item.site,
                    "This loader is prepared in the turns that evaluate, too: each process evaluates its share",
                    level=Level.REVIEW,
                    reason="on N processes what is reported is about a Nth of the samples",
                    help="gather what is reported, or build the loader to evaluate on in a statement of its own",
                )
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "This loader is not prepared: every process evaluates all of it",
                level=Level.NOTE,
                reason="metrics summed over it stay right; it takes as long as on one process",
            )


class BatchMeaning(Rule):
    """Say what N processes do to the batch size.

    What: each process draws batches of the size that the script gives; together they train on N times as many samples a step.
    Why: learning rates tuned for one process may want adjusting.
    Safety: nothing is edited.
    Source: Accelerate's `split_batches`.
    """

    code = "MIG211"
    name = "batch-semantics"

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
            )


class NoLoader(Rule):
    """Say that data is not sharded where there is no DataLoader.

    What: loops over tensors, generators or an environment.
    Why: without a loader that `prepare` can shard, N processes do identical work.
    Safety: nothing is edited.
    Source: Accelerate's `prepare_data_loader`.
    """

    code = "MIG912"
    name = "no-loader"

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
            "This loop draws from no DataLoader, so its data is not sharded: every process does all of the work",
            level=Level.NOTE,
            help="put the samples in a Dataset and a DataLoader to share the work",
        )


RULES: tuple[type[Rule], ...] = (EvaluationLoader, BatchMeaning, NoLoader)
