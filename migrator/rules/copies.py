"""Models beside the model: compiled, averaged."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Level
from migrator.training.training import Training


class Compiled(AdviceRule):
    """Leave `torch.compile` where it is.

    What: `model = torch.compile(model)` before `prepare`.
    Why: `prepare` wraps the compiled model, which works; its checkpoints keep the names that they have now.
    Safety: nothing is edited.
    Source: torch.compile; Accelerate's guide on compilation.
    """

    code = "MIG208"
    name = "compiled"
    level = Level.NOTE
    reason = "`prepare` wraps the compiled model"
    help = "check that it does not compile anew for every shape of the shares that the processes get"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.compile"):
            model = call.argument(0, "model")
            if model is not None and any(training.is_required(x) for x in training.value(model)):
                yield call, f"`{shown(training, call)}` is left as it is"


class AveragedStatistics(AdviceRule):
    """Report statistics that are gathered over a prepared loader.

    What: `torch.optim.swa_utils.update_bn(loader, averaged_model)`.
    Why: each process runs its own share of the batches, so that the averages of the processes differ.
    Safety: nothing is edited. Averages of parameters are the same everywhere, since the parameters are.
    Source: torch.optim.swa_utils.
    """

    code = "MIG909"
    name = "averaged-statistics"
    reason = "each process sees its own share of the batches, and keeps statistics of its own"
    help = "run it over a loader that is not prepared"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.optim\.swa_utils\.update_bn"):
            loader = call.argument(0, "loader")
            values = training.value(loader) if loader is not None else frozenset()
            if any(x.kind is Kind.LOADER and x.prepared for x in values):
                yield call, f"`{shown(training, call)}` runs over a prepared loader"


RULES: tuple[type[AdviceRule], ...] = (Compiled, AveragedStatistics)
