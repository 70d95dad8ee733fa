"""Gradient accumulation that the script implements itself, which is kept."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Object
from migrator.inference.trace import Backpropagated, Called
from migrator.rules.advice import shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.position import within
from migrator.training.training import Training


class Accumulation(Rule):
    """Report gradient accumulation that the script implements itself, which is kept.

    What: an optimizer that does not step after every `backward`: by a modulo or a counter, after `continue`, or after an
    inner loop of micro-batches.
    Why: DDP averages the gradients at every `backward`, and the sum of these averages is the average of the sums. The
    numbers are right on any number of processes; only communication is spent.
    Safety: never edits: `accumulate` also steps after the last batch of an epoch, which would change the number of
    steps where the script does not.
    Source: torch.nn.parallel.DistributedDataParallel; Accelerate's `Accelerator.accumulate` and `no_sync`; measured against
    hand-written DDP on two processes.
    """

    code = "MIG306"
    name = "accumulation"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        done: set[s.Node] = set()
        for item in training.components.optimizers if training.required else ():
            backwards = _backwards_of(training, item)
            for step in training.components.steps_of(item):
                how = None if step.node in done else _how(training, step, backwards)
                if how is not None:
                    done.add(step.node)
                    yield self._kept(training, step.node, how)

    def _kept(self, training: Training, step: s.Call, how: str) -> Change:
        return Change(
            self.code,
            training.module_of(step),
            step,
            f"The optimizer steps {how}: gradient accumulation is kept, and gives the right gradients on several processes",
            level=Level.NOTE,
            reason="gradients are averaged at every `backward`, and the sum of these averages is the average of the sums",
            help="optional: run every `backward` but the last before a step under `accelerator.no_sync(model)`, to communicate less",
        )


def _backwards_of(training: Training, optimizer: Object) -> list[Backpropagated]:
    """The calls of backward that reach what an optimizer trains."""
    trained = {x.raw for x in optimizer.of}
    return [x for x in training.components.backwards if trained & {root.raw for root in x.roots}]


def _how(training: Training, step: Called, backwards: list[Backpropagated]) -> str | None:
    """Say when an optimizer steps, where that is not after every backward of one loop; None where it is."""
    loops = [x.node for x in step.loops()]
    if not loops:
        return None
    around = [(x.node, [loop.node for loop in x.loops()]) for x in backwards]
    beside = [node for node, nest in around if nest[:1] == loops[:1]]
    tests = [_guard(training, step.node, node, loops[0]) for node in beside]
    if beside:
        return None if None in tests else tests[0]
    inside = [nest[nest.index(loops[0]) - 1] for _, nest in around if loops[0] in nest]
    return f"after the loop `{_head(training, inside[0])}`" if inside else None


def _guard(training: Training, step: s.Call, backward: s.Call, loop: s.Node) -> str | None:
    """Say on which condition a turn of a loop steps that back-propagates without it; None where there is none."""
    node: s.Node | None = step
    while node is not None and node is not loop and not isinstance(node, s.FunctionDef):
        parent = node.parent
        if isinstance(parent, s.Block):
            owner = parent.owner
            if isinstance(owner, s.If) and _counts(training, owner.test) and not within(backward, owner):
                return f"only where `{shown(training, owner.test)}`"
            skip = _skip_before(training, node, parent, backward)
            if skip is not None:
                return f"except where `{shown(training, skip)}`"
        node = parent
    return None


def _skip_before(training: Training, statement: s.Node, block: s.Block, backward: s.Call) -> s.Expression | None:
    """The test of an `if ...: continue` between a backward and a statement of the same block."""
    index = block.statements.index(statement) if statement in block.statements else 0
    behind = [i for i, x in enumerate(block.statements[:index]) if within(backward, x)]
    for other in block.statements[behind[-1] + 1 : index] if behind else ():
        if isinstance(other, s.If) and _counts(training, other.test) and _continues(other.body):
            return other.test
    return None


def _continues(block: s.Block) -> bool:
    last = block.statements[-1]
    return isinstance(last, s.Jump) and last.word == "continue"


def _counts(training: Training, test: s.Expression) -> bool:
    """Whether a condition counts: it takes a remainder, or compares a variable that is counted up."""
    for part in test.walk():
        if isinstance(part, s.Binary) and part.operator == "Modulo":
            return True
        if isinstance(part, s.Compare) and any(_is_counter(training, x) for x in (part.left, *part.comparators)):
            return True
    return False


def _is_counter(training: Training, node: s.Node) -> bool:
    """Whether a variable, or an attribute such as ``self.count``, is counted up somewhere."""
    if isinstance(node, s.Attribute):
        return any(
            isinstance(x.target, s.Attribute) and x.target.name == node.name
            for x in training.module_of(node).nodes(s.Augment)
        )
    scope = node.scope.resolve(node.id) if isinstance(node, s.Name) else None
    return (
        scope is not None
        and isinstance(node, s.Name)
        and any(isinstance(x.parent, s.Augment) for x in scope.names.get(node.id, ()) if x.store)
    )


def _head(training: Training, loop: s.Node) -> str:
    module = training.module_of(loop)
    return module.text(loop).split(":\n")[0].split("\n")[0].rstrip(":")


RULES: tuple[type[Rule], ...] = (Accumulation,)
