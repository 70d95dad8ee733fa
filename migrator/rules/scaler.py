"""Mixed precision of the script with `GradScaler` and `autocast`, which is kept."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.rules.advice import calls_of, shown
from migrator.rules.change import Change, Level, short
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
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
    """Report gradient scalers, which are kept; a use that was not recognised blocks the program.

    What: `scaler = GradScaler()` with `scale`, `unscale_`, `step`, `update` and reads of its state. The scaled loss
    goes through the Accelerator: `accelerator.backward(scaler.scale(loss))`.
    Why: `Accelerator()` without `mixed_precision` does not scale the loss, so it is scaled once. DDP averages the gradients
    before the scaler checks them for infinities, so all processes step, or skip a step, together.
    Safety: never edits. A scaler that is passed to code outside of the given files, or that steps an optimizer which was not
    recognised, blocks the program; none of its files is changed.
    Source: torch.amp.GradScaler; measured against hand-written DDP on two processes: bit-identical.
    """

    code = "MIG303"
    name = "grad-scaler"
    effect = Effect.BLOCKS
    distinctive_names = ("GradScaler", "unscale_")

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
                yield from self._kept(training, scaler.site, uses)

    def _kept(self, training: Training, made: s.Call, uses: list[Use]) -> Iterator[Change]:
        calls = [use for use in uses if isinstance(use, MethodCall)]
        for node in (made, *(use.call for use in calls if use.name == "unscale_")):
            yield Change(
                self.code,
                training.module_of(node),
                node,
                f"`{shown(training, node)}` was not changed: it works as before",
                level=Level.NOTE,
                covers=frozenset(use.call for use in calls) | {made},
                reason="harmless: all processes have the same averaged gradients, so they step, or skip a step, together",
                help='`Accelerator(mixed_precision="fp16")` with `accelerator.autocast()` could replace scaler and autocast',
            )

    def _refusal(self, use: Use) -> Change:
        text = short(use.module.text(use.node.statement), 60)
        is_step = isinstance(use, MethodCall)
        return Change(
            self.code,
            use.module,
            use.node,
            f"`{text}` steps an optimizer that was not recognised" if is_step
            else f"`{text}` uses the gradient scaler in a way that was not recognised",
            level=Level.REVIEW,
            blocks=True,
            reason="an optimizer that is not prepared would be stepped" if is_step
            else "code that was not read may scale the loss or step an optimizer that is not prepared",
            help="create the optimizer in the given files, in code that migrate can follow" if is_step
            else "call the methods of the scaler in the given files",
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
    """Report `autocast`, which is kept.

    What: `with torch.autocast("cuda"):` and `@autocast(...)`, with or without a scaler.
    Why: it works the same on every process and for a prepared model.
    Safety: never edits.
    Source: torch.autocast.
    """

    code = "MIG304"
    name = "autocast"
    effect = Effect.NOTES
    names = ("autocast",)

    def check(self, training: Training) -> Iterator[Change]:
        for call in calls_of(training, _AUTOCAST) if training.required else ():
            yield Change(
                self.code,
                training.module_of(call),
                call,
                f"`{shown(training, call)}` was not changed",
                level=Level.NOTE,
                covers=frozenset({call}),
                reason="harmless: it works the same on every process, and an Accelerator without `mixed_precision` does not interfere",
                help="`Accelerator(mixed_precision=...)` with `accelerator.autocast()` does the same",
            )


RULES: tuple[type[Rule], ...] = (GradScaler, Autocast)
