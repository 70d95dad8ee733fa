"""`backward` calls: those that go through the Accelerator, and those that cannot."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Event, Forwarded, Route
from migrator.rules.advice import AdviceRule, Sites
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.fact import BACKWARD, FOR_PREPARED, prepare_obliges
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.components import Components
from migrator.training.position import scope_of, statements_up
from migrator.training.sequence import goes_on_to
from migrator.training.training import Training

# torch.Tensor.backward's parameters by position (torch 2.x)
_POSITIONS = ("gradient", "retain_graph", "create_graph", "inputs")


class Backward(Rule):
    """Send every `backward` of the training through the Accelerator.

    What: `loss.backward(retain_graph=True)` becomes `accelerator.backward(loss, retain_graph=True)`. The receiver may be
    any expression; positional arguments get their names.
    Why: the Accelerator scales the loss under mixed precision and gradient accumulation, and finishes the gradient
    synchronisation of DDP.
    Safety: safe together with `prepare` (MIG201): both are applied, or neither.
    Source: Accelerate's `Accelerator.backward`, torch.Tensor.backward.
    """

    code = "MIG301"
    name = "backward"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        seen: set[s.Node] = set()
        live = _live_backwards(training)
        if not training.required:
            yield from self._unrecognised(training)
            return
        for event in training.components.backwards:
            call = event.node
            if call in seen or event.route not in (Route.TENSOR, Route.OPAQUE):
                continue
            seen.add(call)
            yield self._change(training.module_of(call), call, call in live)

    def _unrecognised(self, training: Training) -> Iterator[Change]:
        for call in dict.fromkeys(event.node for event in training.components.backwards):
            yield Change(
                self.code,
                training.module_of(call),
                call,
                "This `backward` call belongs to no model and no optimizer that was recognised",
                level=Level.REVIEW,
                reason="without a model and an optimizer there is nothing to pass through `prepare`, so the script is not changed",
                help="give migrate the file that builds the model and the optimizer as well",
            )

    def _change(self, module: Module, call: s.Call, is_live: bool) -> Change:
        func = call.func
        assert isinstance(func, s.Attribute)
        receiver = module.outer_text(func.value)
        argument = receiver if _needs_parentheses(func.value) else module.text(func.value)
        is_short = len(receiver) < 40 and "\n" not in receiver
        shown = f"{receiver}.backward()" if is_short else "backward()"
        steps = tuple(Step(module, call, operation) for operation in self._edits(module, call, func))
        return Change(
            self.code,
            module,
            call,
            f"Replace `{shown}` with `accelerator.backward({argument if is_short else '...'})`",
            steps,
            requires=FOR_PREPARED,
            provides=frozenset({BACKWARD.of(call)}),
            obliges=prepare_obliges(BACKWARD.of(call)) if is_live else {},
        )

    def _edits(self, module: Module, call: s.Call, func: s.Attribute) -> Iterator[Replace]:
        outer = module.span(call)
        receiver = module.outer(func.value)
        inner = module.span(func.value)
        yield Replace(Span(outer.start, receiver.start), f"{ACCELERATOR}.backward(")
        if receiver != inner and not _needs_parentheses(func.value):  # (a + b).backward(): the call brings its own
            yield Replace(Span(receiver.start, inner.start), "")
            yield Replace(Span(inner.end, receiver.end), "")
        end = outer.end - 1
        if not call.args:
            yield Replace(Span(receiver.end, end), "")
            return
        yield Replace(Span(receiver.end, module.span(call.args[0]).start), ", ")
        for name, arg in zip(_POSITIONS, call.args, strict=False):
            if arg.keyword is None and not arg.star:
                start = module.span(arg).start
                yield Replace(Span(start, start), f"{name}=", 1)


def _live_backwards(training: Training) -> set[s.Node]:
    """The backward calls that the program gets to; all of them where it gets to none, as in a library."""
    own = [event for event in training.components.backwards if event.route in (Route.TENSOR, Route.OPAQUE)]
    live = [event for event in own if isinstance(list(event.frame.chain())[-1].node, s.Root)]
    return {event.node for event in live or own}


def _needs_parentheses(node: s.Node) -> bool:
    return isinstance(node, (s.Yield, s.Walrus, s.Comprehension)) or (
        isinstance(node, s.Collection) and node.kind == "tuple"
    )


class AutogradGrad(Rule):
    """Report gradients that are computed with `torch.autograd.grad`.

    What: `torch.autograd.grad(...)` is not changed.
    Why: these gradients are not synchronised between processes. A gradient penalty is fine: it becomes part of a loss that
    is back-propagated through the Accelerator.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel, on autograd.grad.
    """

    code = "MIG302"
    name = "autograd-grad"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        for module, call in training.calls.get("torch.autograd.grad", []):
            if not training.required:
                continue
            yield Change(
                self.code,
                module,
                call,
                "`torch.autograd.grad` was not changed",
                level=Level.NOTE,
                reason="harmless if the result becomes part of a loss that is back-propagated; otherwise it differs between processes",
                help="check that the result is only used in a loss, as in a gradient penalty",
            )


class AutogradBackward(Rule):
    """Report backward calls that are not methods of a tensor.

    What: `torch.autograd.backward([a, b])`, and `optimizer.backward(loss)` of a library's optimizer.
    Why: `accelerator.backward` takes one loss; with any other call the gradients are neither scaled nor synchronised.
    Safety: blocks the program; none of its files is changed.
    Source: torch.autograd.backward; Accelerate's `Accelerator.backward`.
    """

    code = "MIG302"
    name = "autograd-backward"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        for event in training.components.backwards:
            if event.route in (Route.AUTOGRAD, Route.OPTIMIZER):
                yield Change(
                    self.code,
                    training.module_of(event.node),
                    event.node,
                    "This is no `backward` method of a tensor, so it cannot go through `accelerator.backward`",
                    level=Level.REVIEW,
                    blocks=True,
                    reason="its gradients would be neither scaled nor synchronised between processes",
                    help="add up the losses and call `backward()` on the sum",
                )


class SecondBackward(AdviceRule):
    """Report a second `backward` after one forward pass of a model.

    What: `a.backward(retain_graph=True)` and then `b.backward()`, or two losses of two forward passes, followed by a step.
    Why: DistributedDataParallel averages gradients once per forward pass, in the first backward. The bundled runtime also
    averages those of the second one, before the step; Accelerate does not, and the replicas diverge.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel, whose reducer is active from a forward to the next backward.
    """

    code = "MIG313"
    name = "second-backward"
    effect = Effect.NOTES
    reason = "harmless with the bundled runtime; with Accelerate, DDP averages only the gradients of the first, and the replicas diverge"
    help = "with Accelerate, add up the losses and call `backward()` once, or run the model again in between"

    def sites(self, training: Training) -> Sites:
        components = training.components
        for first, second in pairwise(components.backwards):
            if first.frame is not second.frame or first.loop is not second.loop or first.node is second.node:
                continue
            if not goes_on_to(first.node, second.node):
                continue
            for model in self._trained_by(training, second):
                if (
                    model in first.roots
                    and model in second.roots
                    and not _runs_between(components, model, first, second)
                ):
                    yield second.node, f"This is a second `backward` after one forward pass of `{model.label}`"

    def _trained_by(self, training: Training, backward: Event) -> Iterator[Object]:
        """The models whose optimizers step after a backward, and before the next one."""
        components = training.components
        later = [x.order for x in components.backwards if x.order > backward.order and x.node is not backward.node]
        following = min(later, default=float("inf"))
        for optimizer in components.optimizers:
            if any(backward.order < e.order < following for e in components.steps_of(optimizer)):
                yield from (x for x in optimizer.of if x.kind is Kind.MODEL)


def _runs_between(components: Components, model: Object, first: Event, second: Event) -> bool:
    """Whether a model runs between two backwards on every path from one to the other."""
    here = dict(statements_up(second.node, scope_of(second.node)))
    for event in components.events_of(model, Forwarded):
        if first.order < event.order < second.order:
            if any(frame is second.frame and statement.block in here for frame, statement in event.steps()):
                return True
    return False


RULES: tuple[type[Rule], ...] = (Backward, AutogradGrad, AutogradBackward, SecondBackward)
