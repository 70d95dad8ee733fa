"""Mixed precision that the script does itself with `GradScaler` and `autocast`: right as it stands, so it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.rules.advice import calls_of, shown
from migrator.rules.change import Change, Level, short
from migrator.rules.rule import Rule, Safety
from migrator.source import syntax as s
from migrator.training.object_use import (
    AttributeRead,
    Bound,
    Compared,
    Contained,
    Discarded,
    Flow,
    Inspected,
    MethodCall,
    Saved,
    Tested,
    Use,
)
from migrator.training.training import Training

_WITH_OPTIMIZER = frozenset({"step", "unscale_"})
_AUTOCAST = r"torch\.(cuda\.|cpu\.)?amp\.(\w+\.)?autocast|torch\.autocast"


class GradScaler(Rule):
    """Keep a gradient scaler that the script uses itself.

    What: `scaler = GradScaler()` with `scale`, `unscale_`, `step`, `update` and whatever reads its state. The scaled loss
    goes through the Accelerator: `accelerator.backward(scaler.scale(loss))`.
    Why: `Accelerator()` scales nothing unless it is made with `mixed_precision`, so the loss is scaled once. DDP averages
    the gradients before the scaler looks for infinities in them, so that all processes step, or skip a step, together.
    Safety: nothing is edited here. A scaler that code outside of the given files gets, or that steps an optimizer which was
    not recognised, stops the program.
    Source: torch.amp.GradScaler; measured against hand-written DDP on two processes: bit-identical.
    """

    code = "MIG303"
    name = "grad-scaler"
    distinctive_names = ("GradScaler", "unscale_")
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for scaler in training.after.heap.those(Kind.SCALER):
            if not isinstance(scaler.site, s.Call):
                continue
            uses = training.uses(scaler)
            if not any(training.is_involved(node) for node in (scaler.site, *(use.node for use in uses))):
                continue
            odd = [use for use in uses if not _is_understood(training, use)]
            yield from (self._refusal(use) for use in odd)
            if not odd:
                yield self._kept(training, scaler.site, uses)

    def _kept(self, training: Training, made: s.Call, uses: list[Use]) -> Change:
        return Change(
            self.code,
            training.module_of(made),
            made,
            f"`{shown(training, made)}` scales the loss as before: the Accelerator is made without `mixed_precision`",
            level=Level.NOTE,
            covers=frozenset(use.call for use in uses if isinstance(use, MethodCall)) | {made},
            reason="on several processes every scaler sees the same averaged gradients, so all of them step together",
            help='`Accelerator(mixed_precision="fp16")` with `accelerator.autocast()` would take the place of scaler and autocast',
        )

    def _refusal(self, use: Use) -> Change:
        text = short(use.module.text(use.node.statement), 60)
        is_step = isinstance(use, MethodCall)
        return Change(
            self.code,
            use.module,
            use.node,
            f"`{text}` steps an optimizer that was not recognised" if is_step
            else f"`{text}` uses the gradient scaler in a way that was not understood",
            level=Level.REVIEW,
            blocks=True,
            reason="an optimizer that is not prepared would be stepped" if is_step
            else "code that was not seen may scale the loss, or step, beside the Accelerator",
            help="build the optimizer where it can be seen together with the scaler" if is_step
            else "use the scaler's own methods in code that is among the given files",
        )  # fmt: skip


def _is_understood(training: Training, use: Use) -> bool:
    """Whether a use of a scaler stays right beside prepared objects."""
    match use:
        case MethodCall(name=name, call=call) if name in _WITH_OPTIMIZER:
            return bool(call.args) and _is_optimizer(training, call.args[0].value)
        case MethodCall() | AttributeRead() | Compared() | Tested() | Discarded() | Inspected() | Saved():
            return True
        case Bound() | Contained():
            return True  # what is done with it from there is among its uses
        case Flow(followed=followed):
            return followed
        case _:
            return False


def _is_optimizer(training: Training, node: s.Expression) -> bool:
    """Whether an expression holds optimizers of the training, and nothing else that would be stepped."""
    values = [x for x in training.value(node) if x.kind is not Kind.CONSTANT]
    return bool(values) and all(_is_trained(training, x) for x in values)


def _is_trained(training: Training, item: Object) -> bool:
    return training.is_required(item) and (item.kind is Kind.OPTIMIZER or item.raw in training.components.optimizers)


class Autocast(Rule):
    """Keep `autocast`.

    What: `with torch.autocast("cuda"):` and `@autocast(...)`, with or without a scaler.
    Why: it means the same on every process, and inside of a prepared model.
    Safety: nothing is edited.
    Source: torch.autocast.
    """

    code = "MIG304"
    name = "autocast"
    names = ("autocast",)
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        found = [x for x in calls_of(training, _AUTOCAST) if training.is_involved(x)] if training.required else []
        if found:
            first = min(
                found, key=lambda call: (training.modules.index(training.module_of(call)), call.statement.index)
            )
            others = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield Change(
                self.code,
                training.module_of(first),
                first,
                f"`{shown(training, first)}`{others}: autocast stays, and computes the same on every process",
                level=Level.NOTE,
                covers=frozenset(found),
                reason="the Accelerator is made without `mixed_precision`, and leaves the precision to the script",
                help="`Accelerator(mixed_precision=...)` and `accelerator.autocast()` would say the same",
            )


RULES: tuple[type[Rule], ...] = (GradScaler, Autocast)
