"""Optimizers: those that train a part of a model, or tensors of no model, and those that are not prepared."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule, Safety
from migrator.training.training import Training


class PartlyTrained(Rule):
    """Say where a model has parameters that its optimizer does not train.

    What: `Adam(encoder.linear.parameters())`: the rest of `encoder` is wrapped with it and gets no gradient.
    Why: plain DDP waits for every parameter that requires a gradient; the bundled runtime finishes such a backward itself.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel, `find_unused_parameters`.
    """

    code = "MIG210"
    name = "find-unused"

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
                f"The optimizer trains only {names} of a model that is prepared whole",
                level=Level.NOTE,
                reason="parameters without a gradient hold up plain DDP; the bundled runtime does not wait for them",
                help="with `--target accelerate`, freeze the rest (`requires_grad_(False)`) or set `find_unused_parameters`",
            )


class BareTensors(Rule):
    """Stop where an optimizer trains tensors that belong to no model.

    What: `SGD([w, b])` over tensors that the script made itself.
    Why: only models are wrapped, so that nobody would average these tensors' gradients: the processes would drift apart.
    Safety: reported only; the program is left alone.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG205"
    name = "bare-tensors"
    safety = Safety.REVIEW

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
                reason="their gradients would not be averaged over the processes, each of which draws other numbers",
                help="make them `nn.Parameter`s of a module, and call that module in the loop",
            )


class Unprepared(Rule):
    """Say which optimizers are not prepared.

    What: an optimizer of the script's own that steps by methods of its own (`first_step`), and one of which no step was seen,
    made so that a checkpoint can be read, say.
    Why: `prepare` knows `step` alone. The gradients that the others read are averaged all the same.
    Safety: nothing is edited.
    Source: Accelerate's `AcceleratedOptimizer`.
    """

    code = "MIG212"
    name = "unprepared-optimizer"

    def check(self, training: Training) -> Iterator[Change]:
        components = training.components
        stepped = {item.site for item in components.optimizers}
        for item in training.before.heap.those(Kind.OPTIMIZER) if training.required else ():
            if item.site is None or item.site in stepped or components.is_inner(item):
                continue
            steps = " and ".join(f"`{name}`" for name in components.own_steps(item))
            if steps:
                yield self._note(
                    training, item, f"This optimizer is not prepared: it takes its steps by {steps}",
                    "every process takes the same ones, from averaged gradients",
                    'with `mixed_precision="fp16"` it would read scaled gradients; use "bf16"',
                )  # fmt: skip
            elif components.may_step(item):
                yield self._note(
                    training, item, "This optimizer is not prepared: no step of it was seen",
                    "it is handed to code that cannot be seen", "if that code steps it, prepare it by hand",
                )  # fmt: skip
            else:
                yield self._note(training, item, "This optimizer is not prepared: no step of it was seen")

    def _note(self, training: Training, item: Object, message: str, reason: str = "", help: str = "") -> Change:
        module = training.module_of(item.site)
        return Change(self.code, module, item.site, message, level=Level.NOTE, reason=reason, help=help)


RULES: tuple[type[Rule], ...] = (PartlyTrained, BareTensors, Unprepared)
