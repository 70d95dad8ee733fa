"""Optimizers of a part of a model or of plain tensors, and optimizers that are not prepared."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.training.training import Training


class PartlyTrained(Rule):
    """Report optimizers that train only a part of a model.

    What: `Adam(encoder.linear.parameters())`, where the whole `encoder` is prepared.
    Why: DDP waits for a gradient of every parameter that requires one; the bundled runtime handles missing gradients,
    Accelerate does not.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel, `find_unused_parameters`.
    """

    code = "MIG210"
    name = "find-unused"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        for item in training.components.optimizers if training.required else ():
            own = [x for x in item.of if x.kind is Kind.PART]
            # one by one, the parameters of a whole model are all of it, those of a part are not
            parts = {part for x in own for part in ([x] if x.data != "*" else x.of) if part.kind is Kind.PART}
            if not parts or item.site is None:
                continue
            names = ", ".join(sorted(f"`{part.label}`" for part in parts))
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                f"This optimizer trains only {names}, while `prepare` wraps the whole model",
                level=Level.NOTE,
                reason="harmless with the bundled runtime; with `--target accelerate`, DDP waits for the gradients of the other parameters",
                help="with `--target accelerate`, freeze the other parameters (`requires_grad_(False)`) or set `find_unused_parameters`",
            )


class BareTensors(Rule):
    """Report optimizers of tensors that belong to no model.

    What: `SGD([w, b])` over tensors that the script creates.
    Why: only the gradients of prepared models are averaged over the processes, so these tensors would diverge.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG205"
    name = "bare-tensors"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        for item in training.components.optimizers if training.required else ():
            bare = [x for x in item.of if x.kind is Kind.FRESH]
            if not bare or item.site is None or any(x.kind is Kind.MODEL for x in item.of):
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "This optimizer trains tensors that belong to no model",
                level=Level.REVIEW,
                blocks=True,
                reason="their gradients would not be averaged over the processes, so the replicas would diverge",
                help="make them parameters (`nn.Parameter`) of an `nn.Module`, and call that module in the training loop",
            )


class Unprepared(Rule):
    """Report optimizers that are not prepared.

    What: a custom optimizer that is stepped with other methods than `step` (such as `first_step`), and an optimizer whose
    `step` is never called, for example one that is only created to load a checkpoint.
    Why: `prepare` handles `step` only. The gradients that such an optimizer reads are averaged in any case.
    Safety: never edits.
    Source: Accelerate's `AcceleratedOptimizer`.
    """

    code = "MIG212"
    name = "unprepared-optimizer"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        components = training.components
        stepped = {item.site for item in components.optimizers}
        for item in training.before.heap.those(Kind.OPTIMIZER) if training.required else ():
            if item.site is None or item.site in stepped or components.is_inner(item):
                continue
            steps = " and ".join(f"`{name}`" for name in components.own_steps(item))
            if steps:
                yield self._note(
                    training, item, f"This optimizer is not prepared: it is stepped with {steps}, not with `step`",
                    "harmless: every process takes the same steps, with averaged gradients",
                    'do not set `mixed_precision="fp16"`, where it would read scaled gradients; "bf16" works',
                )  # fmt: skip
            elif components.may_step(item):
                yield self._note(
                    training, item, "This optimizer is not prepared: no call of its `step` was found",
                    "it is passed to code that was not read",
                    "if that code calls `step`, pass the optimizer through `accelerator.prepare` yourself",
                )  # fmt: skip
            else:
                yield self._note(
                    training, item, "This optimizer is not prepared: its `step` is never called",
                    "harmless: it does not train",
                )  # fmt: skip

    def _note(self, training: Training, item: Object, message: str, reason: str = "", help: str = "") -> Change:
        module = training.module_of(item.site)
        return Change(self.code, module, item.site, message, level=Level.NOTE, reason=reason, help=help)


RULES: tuple[type[Rule], ...] = (PartlyTrained, BareTensors, Unprepared)
