"""Precision by hand, other than a gradient scaler's."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.inference.trace import Called
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.training.training import Training


class Half(AdviceRule):
    """Report trained models whose precision is changed.

    What: `model.half()`, `model.bfloat16()`.
    Why: parameters of 16 bits train differently from what `mixed_precision` does, which keeps them at 32.
    Safety: reported only; the program is left alone.
    Source: torch.nn.Module.half; Accelerate's `mixed_precision`.
    """

    code = "MIG305"
    name = "half"
    blocks = True
    reason = "the Accelerator keeps parameters at 32 bits and computes in 16 under `mixed_precision`"
    help = "remove it, run migrate again, then pass `mixed_precision` to the Accelerator"

    def sites(self, training: Training) -> Sites:
        for event in training.events(Called):
            if (
                event.method in ("half", "bfloat16")
                and event.item.kind is Kind.MODEL
                and training.is_required(event.item)
            ):
                yield event.node, f"`{shown(training, event.node)}` changes the precision of a trained model"


class Apex(AdviceRule):
    """Report mixed precision by apex.

    What: `apex.amp.initialize(model, optimizer)`, `amp.scale_loss(loss, optimizer)`.
    Why: it patches models and optimizers, and scales the loss; the Accelerator does so itself.
    Safety: reported only; the program is left alone.
    Source: apex.amp, which is no longer maintained.
    """

    code = "MIG906"
    name = "apex"
    names = ("scale_loss",)
    blocks = True
    anywhere = True
    reason = "the Accelerator scales losses itself, under `mixed_precision`"
    help = "remove apex, run migrate again, then pass `mixed_precision` to the Accelerator"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"apex\.amp\.\w+"):
            yield call, f"`{shown(training, call)}` is there already"


RULES: tuple[type[AdviceRule], ...] = (Half, Apex)
