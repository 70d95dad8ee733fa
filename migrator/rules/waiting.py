"""Files that a script writes and then reads: the other processes wait until the main process has written them."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.trace import Saved
from migrator.rules.change import ACCELERATOR, Change, Step
from migrator.rules.fact import FOR_PREPARED
from migrator.rules.file import files_written
from migrator.rules.main_process import is_guarded
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Insert
from migrator.source.module import Module
from migrator.training.position import in_loop, statements_up
from migrator.training.sequence import Way, may_come_first, ways_to
from migrator.training.training import Training

# what asks for a file's name, and does not read the file
_ASKS = frozenset(
    """join dirname basename abspath splitext makedirs mkdir remove unlink print format
    info debug warning len str add_argument Path append getsize rename""".split()
)
_EXISTS = frozenset({"exists", "isfile", "is_file", "lexists"})


class Load(Rule):
    """Wait until a file is written before it is read.

    What: `accelerator.wait_for_everyone()` is inserted before a `torch.load` that follows a save, and before any other call
    that reads a file which the script has written.
    Why: the main process may still be writing the file when the others read it.
    Safety: safe where every process executes the call, outside loops.
    Source: Accelerate's `Accelerator.wait_for_everyone`.
    """

    code = "MIG503"
    name = "load"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        placed: list[s.Statement] = []
        for module, call, writes in _reads(training):
            ways = ways_to(training.after, call)
            if not ways or not all(_waits_for_all(training, way) for way in ways):
                continue
            before = [write for write in writes if _may_follow(training, write, ways)]
            statement = _place(call.statement)
            if not before or any(_covers(training, x, statement, before) for x in placed):
                continue
            placed.append(statement)
            if _waits(statement):
                continue
            operation = Insert(
                statement.block, statement.index, (f"{ACCELERATOR}.wait_for_everyone()",), tight=True, rank=1
            )
            yield Change(
                self.code,
                module,
                call,
                "Wait until the main process has written the file",
                (Step(module, statement, operation),),
                requires=FOR_PREPARED,
            )


def _reads(training: Training) -> Iterator[tuple[Module, s.Call, list[Way]]]:
    """The calls that read a file, in source order, each with the paths to the calls that may have written it."""
    saves = list(dict.fromkeys(event.node for event in training.events(Saved)))
    written = list(files_written(training))
    writers = {*saves, *(call for _, call, _ in written)}
    loads = {call for _, call in training.calls.get("torch.load", [])} if saves else set()
    for module in training.modules if loads or written else ():
        for call in module.nodes(s.Call):
            if call in writers or not (training.is_involved(call) or training.is_run(call)):
                continue
            found = saves if call in loads else []
            found = [*found, *(x for where, x, path in written if _gets(module, call, where, path))]
            if found:
                yield module, call, [way for x in found for way in ways_to(training.after, x)]


def _may_follow(training: Training, write: Way, ways: list[Way]) -> bool:
    return any(may_come_first(training.order, write, way) for way in ways)


def _gets(module: Module, call: s.Call, where: Module, path: s.Node) -> bool:
    """Whether a call gets the name of a file that another one writes, and may read it."""
    name = call.func.name if isinstance(call.func, s.Attribute) else getattr(call.func, "id", "")
    return name not in _ASKS and any(_is_same(module, arg.value, where, path) for arg in call.args)


def _is_same(module: Module, node: s.Node, where: Module, path: s.Node) -> bool:
    """Whether two expressions are one file's name: an equal text, or the same expression of the same variables."""
    if isinstance(path, s.Literal):
        return isinstance(node, s.Literal) and isinstance(node.value, str) and node.value == path.value
    names = [x for x in path.walk() if isinstance(x, s.Name)]
    return (
        module is where
        and type(node) is type(path)
        and bool(names)
        and module.text(node) == module.text(path)
        and all(x.scope.resolve(x.id) is node.scope.resolve(x.id) for x in names)
    )


def _waits_for_all(training: Training, way: Way) -> bool:
    """Whether every process takes a path once: from the program's entry, in no loop, under no guard."""
    frame, _ = way[0]
    if not isinstance(frame.node, s.Root) or frame.module is not training.program.entry:
        return False
    nodes = [node for _, node in way if node is not None]
    unseen = len(nodes) < len(way)
    if unseen or any(in_loop(node.statement.block) or is_guarded(training, node) for node in nodes):
        return False
    return not any(_checks_for_file(block.owner) for node in nodes[:-1] for block in _blocks(node))


def _blocks(node: s.Node) -> list[s.Block]:
    return [block for block, _ in statements_up(node, None)]


def _checks_for_file(statement: s.Node) -> bool:
    """Whether a statement is an `if` that checks whether a file exists, which may be true on one process and not yet on another."""
    return isinstance(statement, s.If) and any(
        isinstance(x, s.Call) and isinstance(x.func, s.Attribute) and x.func.name in _EXISTS
        for x in statement.test.walk()
    )


def _place(statement: s.Statement) -> s.Statement:
    """The statement to wait before: outside of a `with` around it, and of an `if` that checks whether the file exists."""
    while isinstance(statement.block.owner, s.With) or _checks_for_file(statement.block.owner):
        owner = statement.block.owner
        assert isinstance(owner, s.Statement)
        statement = owner
    return statement


def _waits(statement: s.Statement) -> bool:
    """Whether the statement before already waits for the other processes."""
    before = statement.block.statements[statement.index - 1] if statement.index else None
    call = before.value if isinstance(before, s.Evaluate) else None
    return isinstance(call, s.Call) and isinstance(call.func, s.Attribute) and call.func.name == "wait_for_everyone"


def _covers(training: Training, known: s.Statement, statement: s.Statement, writes: list[Way]) -> bool:
    """Whether an inserted wait is on every path to a statement, and after every write of its file."""
    if known.index > dict(statements_up(statement, None)).get(known.block, -1):
        return False
    ways = ways_to(training.after, known)
    return all(_may_follow(training, write, ways) for write in writes)


RULES: tuple[type[Rule], ...] = (Load,)
