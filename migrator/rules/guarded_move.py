"""Moves under an `if cuda:`, which is unnecessary with `accelerator.device`."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.change import Change, Step, short
from migrator.rules.device import if_span
from migrator.rules.fact import FOR_PREPARED, MOVED, TENSOR_TYPES
from migrator.rules.move import MoveToAccelerator, device_moves
from migrator.rules.parallel import data_parallel_calls
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Drop, Unwrap
from migrator.source.module import Module
from migrator.training import move_removal, moves
from migrator.training.training import Training


class GuardedMove(Rule):
    """Remove an `if cuda:` that guards only moves.

    What: `if use_cuda: z = z.cuda()` becomes `z = z.to(accelerator.device)`; an `if` whose moves are all removed is removed
    with them.
    Why: `accelerator.device` is the CPU if there is no GPU or the flag forbids it, so the move is right in every case.
    Safety: safe where the condition is only about devices and there is no `else`, or one that does the same without moves.
    Source: torch.Tensor.to.
    """

    code = "MIG107"
    name = "if-cuda-block"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if training.placement.interpreter is None:
            return
        moved = {id(call): call for _, call in device_moves(training)}
        for module in training.modules:
            for node in module.nodes(s.If):
                if node.is_elif or node.test not in training.after.trace.values or not training.is_involved(node):
                    continue
                if not training.devices.is_flag(node.test):
                    continue
                if node.orelse is not None:
                    yield from self._equal_arms(training, module, node)
                    continue
                calls = [self._only_moves(training, module, statement, moved) for statement in node.body.statements]
                if not all(calls):
                    continue
                inside = [call for group in calls for call in group or () if self._changes(training, module, call)]
                yield Change(
                    self.code,
                    module,
                    node,
                    f"Remove `if {short(module.text(node.test))}:`, which guards only moves",
                    (Step(module, node, Unwrap(node)),),
                    is_relied_on=True,
                    requires=FOR_PREPARED | {MOVED.of(call) for call in inside},
                )

    def _changes(self, training: Training, module: Module, call: s.Call) -> bool:
        """Whether a move has to change; one whose variable holds `accelerator.device` does not."""
        left = moves.is_left_to_prepare(training, call) or moves.is_prepared_batch(training, call.func.value)  # type: ignore[attr-defined]
        return left or MoveToAccelerator().edit(training, module, call) is not None

    def _equal_arms(self, training: Training, module: Module, node: s.If) -> Iterator[Change]:
        """`if cuda: x = x.cuda() else: x = x`: with `accelerator.device`, the first branch is right for both."""
        assert node.orelse is not None
        arms = (node.body.statements, node.orelse.statements)
        if len(arms[0]) != len(arms[1]) or "#" in module.source.text[slice(*if_span(module, node))]:
            return
        moved: list[tuple[str, s.Node]] = []
        for first, second in zip(*arms, strict=True):
            if not isinstance(first, (s.Assign, s.Evaluate)) or self._plain(module, first, moved) != self._plain(
                module, second, []
            ):
                return
        yield Change(
            self.code,
            module,
            node,
            f"Remove `if {short(module.text(node.test))}:`, whose branches differ only in moves",
            (Step(module, node, Unwrap(node)), *(Step(module, node, Drop(x)) for x in arms[1])),
            is_relied_on=True,
            requires=FOR_PREPARED
            | {key for kind, x in moved for key in ({MOVED.of(x)} if kind == "move" else {TENSOR_TYPES})},
        )

    def _plain(self, module: Module, statement: s.Node, moved: list[tuple[str, s.Node]]) -> str:
        """A statement's text without its moves; what was left out is added to ``moved``."""
        start = module.span(statement).start
        cuts: list[tuple[int, int, str]] = []
        for node in statement.walk():
            if isinstance(node, s.Call) and isinstance(node.func, s.Attribute) and node.func.name == "cuda":
                cuts.append((module.outer(node.func.value).end - start, module.span(node).end - start, ""))
                moved.append(("move", node))
            elif (
                isinstance(node, s.Attribute)
                and node.name.endswith("Tensor")
                and module.text(node).startswith("torch.cuda.")
            ):
                span = module.span(node)
                cuts.append((span.start - start, span.end - start, "torch." + node.name))
                moved.append(("type", node))
        text = module.text(statement)
        for begin, end, new in sorted(cuts, reverse=True):
            text = text[:begin] + new + text[end:]
        return "".join(text.split())

    def _only_moves(
        self, training: Training, module: Module, statement: s.Statement, moved: dict[int, s.Call]
    ) -> list[s.Call] | None:
        """The moves that make up a statement; None where it does something else."""
        calls = [moved[id(x)] for x in statement.walk() if id(x) in moved]
        if not calls:
            return None
        if isinstance(statement, (s.Evaluate, s.Assign)) and move_removal.is_hollow(module, statement, calls):
            return calls
        if isinstance(statement, s.Assign) and len(statement.targets) == 1:
            left = statement.targets[0]
            rest: s.Expression | None = move_removal.without_moves(statement.value, calls)
            if rest in [call for _, call in data_parallel_calls(training)]:
                assert isinstance(rest, s.Call)
                rest = rest.argument(0, "module")  # the wrapper comes off
            if rest is not None and module.text(left) == module.text(rest):
                return calls
            # x = Variable(x).cuda(), x = x.view(-1).cuda(): more than a move
        return None


RULES: tuple[type[Rule], ...] = (GuardedMove,)
