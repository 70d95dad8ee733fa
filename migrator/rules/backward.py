"""Back-propagation goes through the Accelerator."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Event, Forwarded, Route
from migrator.rules.advice import AdviceRule, Sites
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.fact import BACKWARD, FOR_PREPARED, prepare_obliges
from migrator.rules.rule import Rule, Safety
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
    Why: the Accelerator scales the loss under mixed precision and accumulation, and finishes what DDP has begun.
    Safety: safe together with `prepare` (MIG201); alone it would change nothing, so it is applied with it or not at all.
    Source: Accelerate's `Accelerator.backward`, torch.Tensor.backward.
    """

    code = "MIG301"
    name = "backward"

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
                "This backward belongs to no model and no optimizer that was recognised",
                level=Level.REVIEW,
                reason="without them there is nothing to prepare",
                help="build the model and its optimizer where this code can be seen together with them",
            )

    def _change(self, module: Module, call: s.Call, is_live: bool) -> Change:
        func = call.func
        assert isinstance(func, s.Attribute)
        receiver = module.text(func.value)
        shown = f"{receiver}.backward()" if len(receiver) < 40 else "backward()"
        steps = tuple(Step(module, call, operation) for operation in self._edits(module, call, func))
        return Change(
            self.code,
            module,
            call,
            f"Replace `{shown}` with `accelerator.backward({receiver if len(receiver) < 40 else '...'})`",
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
    """Report gradients that are taken by hand.

    What: `torch.autograd.grad(...)` and `torch.autograd.backward(...)` stay as they are.
    Why: gradients taken so bypass the synchronisation between processes; a gradient penalty is fine, because it becomes
    part of a loss that is back-propagated through the Accelerator.
    Safety: reported only.
    Source: torch.nn.parallel.DistributedDataParallel, on autograd.grad.
    """

    code = "MIG302"
    name = "autograd-grad"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        for module, call in training.calls.get("torch.autograd.grad", []):
            if not training.required:
                continue
            yield Change(
                self.code,
                module,
                call,
                "`torch.autograd.grad` is left as it is",
                level=Level.NOTE,
                reason="its result is not synchronised between processes, unless it ends up in a loss that is back-propagated",
                help="make sure that it only feeds a loss (a gradient penalty does)",
            )
        for event in training.components.backwards:
            if event.route in (Route.AUTOGRAD, Route.OPTIMIZER):
                yield Change(
                    self.code,
                    training.module_of(event.node),
                    event.node,
                    "This backward is not a tensor's own, so it cannot go through the Accelerator",
                    level=Level.REVIEW,
                    blocks=True,
                    reason="its gradients would not be scaled or synchronised",
                    help="add the losses up and call `backward()` on the sum",
                )


class SecondBackward(AdviceRule):
    """Say where a second backward goes through one forward of a model.

    What: `a.backward(retain_graph=True)` and `b.backward()`, or two losses of two forwards, with a step behind the second.
    Why: DistributedDataParallel averages gradients once behind a forward, in the first backward. The bundled runtime
    averages those of the second one before the step; Accelerate does not, and the parameters part for good.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel, whose reducer listens from a forward to the next backward.
    """

    code = "MIG313"
    name = "second-backward"
    level = Level.NOTE
    reason = "gradients are averaged in the first backward behind a forward; here the bundled runtime sees to it, Accelerate does not"
    help = "with Accelerate, add the losses up and call `backward()` once, or run the model anew in between"

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
                    yield second.node, f"A second backward goes through one forward of `{model.label}`"

    def _trained_by(self, training: Training, backward: Event) -> Iterator[Object]:
        """The models whose optimizers step behind a backward, and before the next one."""
        components = training.components
        later = [x.order for x in components.backwards if x.order > backward.order and x.node is not backward.node]
        following = min(later, default=float("inf"))
        for optimizer in components.optimizers:
            if any(backward.order < e.order < following for e in components.steps_of(optimizer)):
                yield from (x for x in optimizer.of if x.kind is Kind.MODEL)


def _runs_between(components: Components, model: Object, first: Event, second: Event) -> bool:
    """Whether a model runs between two backwards on every way from one to the other."""
    here = dict(statements_up(second.node, scope_of(second.node)))
    for event in components.events_of(model, Forwarded):
        if first.order < event.order < second.order:
            if any(frame is second.frame and statement.block in here for frame, statement in event.steps()):
                return True
    return False


RULES: tuple[type[Rule], ...] = (Backward, AutogradGrad, SecondBackward)
