"""What operations on statements mean for the blocks around them: which headers go, which arms, which blocks need a `pass`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from migrator.source import syntax as s
from migrator.source.compose.operation import Drop, Insert, Operation, Uncomposable, Unwrap, Wrap

_NO_EFFECT = re.compile(
    r"is_\w+|has_\w+|(?:\w+_)?count|is(?:instance|subclass|file|dir|nan|inf|finite|digit)|hasattr|getattr|callable"
    r"|len|bool|int|float|str|type|exists|startswith|endswith"
)


@dataclass(slots=True)
class BlockOutcome:
    """What becomes of the statements and blocks that operations touch."""

    dropped: set[s.Statement] = field(default_factory=set)
    unwrapped: set[s.Statement] = field(default_factory=set)  # their header goes, because that was asked for
    emptied: set[s.Statement] = field(default_factory=set)  # nothing of them is left
    negated: set[s.Statement] = field(default_factory=set)  # `if a: <nothing> else: b` becomes `if not a: b`
    dropped_arms: set[s.Block] = field(default_factory=set)  # else arms that go
    needs_pass: set[s.Block] = field(default_factory=set)  # emptied blocks that get a `pass`
    wraps: dict[s.Block, list[Wrap]] = field(default_factory=dict)  # those with something inside, outer ones first
    inserts: dict[s.Block, list[Insert]] = field(default_factory=dict)  # by rank
    touched: set[s.Node] = field(default_factory=set)  # blocks and compound statements with an operation inside

    def survives(self, statement: s.Statement) -> bool:
        """Whether anything of a statement is left."""
        return statement not in self.dropped and statement not in self.emptied

    def concerns(self, statement: s.Statement) -> bool:
        """Whether anything happens to a statement, or inside it."""
        return statement in self.touched or statement in self.dropped or statement in self.unwrapped

    def splits_elif(self, block: s.Block) -> bool:
        """Whether statements come beside an `elif`, so that it has to become an `if` inside an `else`."""
        return block.is_elif and (block in self.inserts or block in self.wraps)


def normalize(operations: Iterable[Operation]) -> BlockOutcome:
    """Work out what operations mean for the blocks around them, from the inside out.

    Raises:  Uncomposable when operations contradict each other.
    """
    operations = list(dict.fromkeys(operations))
    outcome = BlockOutcome()
    outcome.dropped = {op.statement for op in operations if isinstance(op, Drop)}
    operations = [op for op in operations if not _falls_away(op, outcome.dropped)]
    outcome.unwrapped = {op.statement for op in operations if isinstance(op, Unwrap) and _is_open(op)}
    for op in operations:
        if isinstance(op, Insert):
            outcome.inserts.setdefault(_checked(op).block, []).append(op)
        elif isinstance(op, Wrap):
            outcome.wraps.setdefault(_in_order(op).first.block, []).append(op)
    for found in outcome.inserts.values():
        found.sort(key=lambda op: op.rank)
    top = _touch(outcome, [*outcome.dropped, *outcome.unwrapped, *(block.statements[0] for block in outcome.wraps)])
    if top is not None:
        _normalize_block(outcome, top)
    return outcome


# ---------------------------------------------------------------- what is asked for


def _falls_away(op: Operation, dropped: set[s.Statement]) -> bool:
    """Whether an operation is about something inside a statement that goes."""
    if isinstance(op, Insert):
        return _is_inside(op.block, dropped)
    if isinstance(op, Wrap):
        return _is_inside(op.first.block, dropped)
    return isinstance(op, Unwrap) and (op.statement in dropped or _is_inside(op.statement.block, dropped))


def _is_inside(block: s.Block, dropped: set[s.Statement]) -> bool:
    while not isinstance(block.owner, s.Root):
        if block.owner in dropped:
            return True
        block = block.owner.block
    return False


def _is_open(op: Unwrap) -> bool:
    if not isinstance(op.statement, (s.If, s.With)):
        raise Uncomposable(f"a {type(op.statement).__name__} cannot be unwrapped: its body depends on its header")
    return True


def _checked(op: Insert) -> Insert:
    if not 0 <= op.index <= len(op.block.statements):
        raise Uncomposable(f"no statement {op.index} in a block of {len(op.block.statements)} to insert lines before")
    return op


def _in_order(op: Wrap) -> Wrap:
    if op.first.block is not op.last.block or op.first.index > op.last.index:
        raise Uncomposable(f"`{op.header}` cannot go around statements that do not follow each other in one block")
    return op


def _touch(outcome: BlockOutcome, statements: Sequence[s.Statement]) -> s.Block | None:
    """Note all blocks and compound statements around operations; gives the outermost block."""
    top = None
    for block in {*(statement.block for statement in statements), *outcome.inserts}:
        around: s.Block = block
        while around not in outcome.touched:
            outcome.touched.add(around)
            if isinstance(around.owner, s.Root):
                top = around
                break
            outcome.touched.add(around.owner)
            around = around.owner.block
    return top


# ---------------------------------------------------------------- what it leads to


def _normalize_block(outcome: BlockOutcome, block: s.Block) -> bool:
    """Normalize a block; whether anything is left in it."""
    if block not in outcome.touched:
        return True
    left = [statement for statement in block.statements if _normalize_statement(outcome, statement)]
    wraps = _nested([op for op in outcome.wraps.pop(block, []) if _holds_something(outcome, op)])
    if wraps:
        outcome.wraps[block] = wraps
    return bool(left) or block in outcome.inserts


def _normalize_statement(outcome: BlockOutcome, statement: s.Statement) -> bool:
    """Normalize a statement; whether anything is left of it."""
    if statement in outcome.dropped:
        return False
    if statement not in outcome.touched and statement not in outcome.unwrapped:
        return True
    left = {block: _normalize_block(outcome, block) for block in statement.blocks()}
    arm = getattr(statement, "orelse", None)
    if arm is not None and not left[arm]:
        outcome.dropped_arms.add(arm)
    if isinstance(statement, s.If):
        alive = _normalize_if(outcome, statement, left)
    else:
        alive = left[statement.blocks()[0]] or statement not in outcome.unwrapped
        if statement not in outcome.unwrapped:
            outcome.needs_pass.update(block for block in left if not left[block] and block not in outcome.dropped_arms)
    if not alive:
        outcome.emptied.add(statement)
    return alive


def _normalize_if(outcome: BlockOutcome, statement: s.If, left: dict[s.Block, bool]) -> bool:
    has_else = statement.orelse is not None and left[statement.orelse]
    if statement in outcome.unwrapped:
        if has_else:
            raise Uncomposable("an `if` that has an `else` or `elif` cannot be unwrapped before that is dropped")
        return left[statement.body]
    if left[statement.body]:
        return True
    if has_no_effect(statement.test) and not has_else:
        return False
    if has_no_effect(statement.test) and statement.orelse is not None and _is_plain_else(outcome, statement.orelse):
        outcome.negated.add(statement)
    else:
        outcome.needs_pass.add(statement.body)
    return True


def _is_plain_else(outcome: BlockOutcome, block: s.Block) -> bool:
    # `if a: <nothing> elif b:` would need a new condition
    return not block.is_elif or outcome.splits_elif(block)


def _holds_something(outcome: BlockOutcome, op: Wrap) -> bool:
    block, first, last = op.first.block, op.first.index, op.last.index
    inserted = any(first < insert.index <= last for insert in outcome.inserts.get(block, ()))
    return inserted or any(outcome.survives(statement) for statement in block.statements[first : last + 1])


def _nested(wraps: list[Wrap]) -> list[Wrap]:
    """Order the wraps of a block by their first statement, outer ones first."""
    wraps = sorted(wraps, key=lambda op: (op.first.index, -op.last.index))
    open_: list[Wrap] = []
    for op in wraps:
        while open_ and open_[-1].last.index < op.first.index:
            open_.pop()
        if open_ and open_[-1].last.index < op.last.index:
            raise Uncomposable(f"`{open_[-1].header}` and `{op.header}` would cross: neither can go inside the other")
        open_.append(op)
    return wraps


def has_no_effect(test: s.Expression) -> bool:
    """Whether evaluating a condition changes nothing."""
    for node in test.walk():
        if isinstance(node, s.Call):
            name = node.func.name if isinstance(node.func, s.Attribute) else getattr(node.func, "id", "")
            # `config.get("x")` looks something up, `queue.get()` takes it away
            if not _NO_EFFECT.fullmatch(name) and not (name == "get" and node.args):
                return False
        elif isinstance(node, (s.Walrus, s.Await, s.Yield)):
            return False
    return True
