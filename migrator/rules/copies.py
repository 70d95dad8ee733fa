"""Compiled and averaged models."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.severity import Effect
from migrator.training.training import Training


class Compiled(AdviceRule):
    """Report `torch.compile`, which is not changed.

    What: `model = torch.compile(model)` before `prepare`.
    Why: `prepare` wraps the compiled model, which works; the keys of its checkpoints stay the same.
    Safety: never edits.
    Source: torch.compile; Accelerate's guide on compilation.
    """

    code = "MIG208"
    name = "compiled"
    effect = Effect.NOTES
    reason = "harmless: `prepare` wraps the compiled model"
    help = "check that the batches of a process do not differ in shape, or it is compiled again for each shape"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.compile"):
            model = call.argument(0, "model")
            if model is not None and any(training.is_required(x) for x in training.value(model)):
                yield call, f"`{shown(training, call)}` was not changed"


class AveragedStatistics(AdviceRule):
    """Report batch-norm statistics that are computed over a prepared loader.

    What: `torch.optim.swa_utils.update_bn(loader, averaged_model)`.
    Why: each process computes them from its own share of the batches, so they differ between processes.
    Safety: never edits. Averages of parameters are the same on all processes and are not reported.
    Source: torch.optim.swa_utils.
    """

    code = "MIG909"
    name = "averaged-statistics"
    effect = Effect.REVIEWS
    reason = "each process computes the statistics from its own share of the batches, so they differ between processes"
    help = "call it with a loader that is not prepared"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.optim\.swa_utils\.update_bn"):
            loader = call.argument(0, "loader")
            values = training.value(loader) if loader is not None else frozenset()
            if any(x.kind is Kind.LOADER and x.prepared for x in values):
                yield call, f"`{shown(training, call)}` computes statistics over a prepared loader"


RULES: tuple[type[AdviceRule], ...] = (Compiled, AveragedStatistics)
