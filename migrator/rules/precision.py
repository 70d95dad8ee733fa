"""Reduced precision without `autocast`: `model.half()` and apex."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.inference.trace import Called
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.severity import Effect
from migrator.training.training import Training


class Half(AdviceRule):
    """Report trained models that are converted to 16 bits.

    What: `model.half()`, `model.bfloat16()`.
    Why: `mixed_precision` of the Accelerator keeps the parameters at 32 bits, which trains differently.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.Module.half; Accelerate's `mixed_precision`.
    """

    code = "MIG305"
    name = "half"
    effect = Effect.BLOCKS
    reason = "`mixed_precision` of the Accelerator keeps the parameters at 32 bits, which trains differently"
    help = "remove it, run migrate again, then pass `mixed_precision` to the Accelerator"

    def sites(self, training: Training) -> Sites:
        for event in training.events(Called):
            if (
                event.method in ("half", "bfloat16")
                and event.item.kind is Kind.MODEL
                and training.is_required(event.item)
            ):
                yield (
                    event.node,
                    f"`{shown(training, event.node)}` converts the parameters of a trained model to 16 bits",
                )


class Apex(AdviceRule):
    """Report mixed precision with apex.

    What: `apex.amp.initialize(model, optimizer)`, `amp.scale_loss(loss, optimizer)`.
    Why: apex patches models and optimizers and scales the loss, as the Accelerator does under `mixed_precision`.
    Safety: blocks the program; none of its files is changed.
    Source: apex.amp, which is no longer maintained.
    """

    code = "MIG906"
    name = "apex"
    effect = Effect.BLOCKS
    names = ("scale_loss",)
    anywhere = True
    reason = "under `mixed_precision` the Accelerator scales the loss as well, so it would be scaled twice"
    help = "remove apex, run migrate again, then pass `mixed_precision` to the Accelerator"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"apex\.amp\.\w+"):
            yield call, f"This script already uses the mixed precision of apex: `{shown(training, call)}`"


RULES: tuple[type[AdviceRule], ...] = (Half, Apex)
