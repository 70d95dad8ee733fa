"""Files: checkpoints that one process writes, with the names that they always had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator.roles.role import Kind
from migrator.roles.state import Event
from migrator.rules.change import ACCELERATOR, Change, Step
from migrator.rules.main_process import is_guarded
from migrator.rules.prepare import unguarded_saves
from migrator.rules.rule import Rule, Safety
from migrator.rules.wrapper import wrapper_questions
from migrator.source import syntax as s
from migrator.source.block import Insert, Replace, Wrap
from migrator.source.module import Module
from migrator.training.training import Training

_PREPARED = frozenset({"prepared"})
_GUARD = f"if {ACCELERATOR}.is_main_process:"


class Save(Rule):
    """Let the main process alone write checkpoints.

    What: `torch.save(x, path)` becomes `accelerator.save(x, path)`; a block that opens the file itself moves under
    `if accelerator.is_main_process:`. The model is unwrapped first, so that a checkpoint keeps its names.
    Why: N processes writing one file at once leave a broken one; the wrapper's names begin with `module.`.
    Safety: safe; on one process nothing changes.
    Source: Accelerate's `Accelerator.save`.
    """

    code = "MIG501"
    name = "save"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        done: set[Any] = set()
        for module, call in unguarded_saves(training):
            block = _opening_block(training, call)
            if block is not None:
                if block not in done:
                    done.add(block)
                    yield guarded(
                        self.code,
                        module,
                        block,
                        block,
                        call,
                        f"Write `{_path_text(module, block)}` on the main process only",
                    )
                continue
            yield self._change(training, module, call)

    def _change(self, training: Training, module: Module, call: s.Call) -> Change:
        known = {None, "obj", "f"}
        if (
            len([arg for arg in call.args if arg.keyword is None]) > 2
            or {arg.keyword for arg in call.args} - known
            or any(arg.star for arg in call.args)
        ):
            return guarded(self.code, module, call.statement, call.statement, call, "Save on the main process only")
        text = module.text(call.func)
        return Change(
            self.code,
            module,
            call,
            f"Replace `{text}(...)` with `accelerator.save(...)`, which writes on the main process",
            (Step(module, call, Replace(module.span(call.func), f"{ACCELERATOR}.save")),),
            needs=_PREPARED,
            gives=frozenset({f"save:{id(call)}"}),
        )


def guarded(code: str, module: Module, first: Any, last: Any, node: Any, message: str) -> Change:
    """Put statements under a main-process guard."""
    return Change(
        code,
        module,
        node,
        message,
        (Step(module, first, Wrap(first, last, _GUARD)),),
        needs=_PREPARED,
        gives=frozenset({f"save:{id(node)}"}),
    )


def _path_text(module: Module, block: s.With) -> str:
    call = block.items[0].value
    first = call.args[0].value if isinstance(call, s.Call) and call.args else call
    return module.text(first)


def _opening_block(training: Training, call: s.Call) -> s.With | None:
    """The ``with open(path, "wb") as f:`` whose file a save writes to; None where it names a path."""
    target = call.argument(1, "f")
    node: Any = call.statement
    while isinstance(target, s.Name) and isinstance(node.block.owner, s.With):
        node = node.block.owner
        if any(isinstance(item.target, s.Name) and item.target.id == target.id for item in node.items):
            return node  # type: ignore[no-any-return]
    return None


class Load(Rule):
    """Wait for a checkpoint to be written before it is read.

    What: `accelerator.wait_for_everyone()` is inserted before a `torch.load` that follows a save of the same run.
    Why: the main process may still be writing when the others come to read.
    Safety: safe where every process gets there, outside loops.
    Source: Accelerate's `Accelerator.wait_for_everyone`.
    """

    code = "MIG503"
    name = "load"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        written = [event.order for event in training.events("save")]
        if not written:
            return
        first = min(written)
        done: set[Any] = set()
        reads = training.calls.get("torch.load", [])
        for module, call in reads:
            if not (training.is_involved(call) or training.is_run(call)):
                continue
            visits = [event for event in training.events("make") if event.node is call]
            if (
                not all(isinstance(list(event.frame.chain())[-1].node, s.Root) for event in visits)
                or not visits
                or not all(event.order > first for event in visits)
                or any(event.loop is not None for event in visits)
                or any(is_guarded(training, node) for event in visits for node in _calls_to(event))
            ):
                continue
            statement = _outermost_with(call.statement)
            if statement in done or _waits(statement):
                continue
            done.add(statement)
            operation = Insert(
                statement.block, statement.index, (f"{ACCELERATOR}.wait_for_everyone()",), tight=True, rank=1
            )
            yield Change(
                self.code,
                module,
                call,
                "Wait until the main process has written the file",
                (Step(module, statement, operation),),
                needs=_PREPARED,
            )


def _calls_to(event: Event) -> Iterator[Any]:
    """The node of an event, and the calls that led there."""
    yield event.node
    yield from (frame.call for frame in event.frame.chain() if frame.call is not None)


def _waits(statement: Any) -> bool:
    """Whether the statement before waits for the other processes already."""
    before = statement.block.statements[statement.index - 1] if statement.index else None
    call = before.value if isinstance(before, s.Evaluate) else None
    return isinstance(call, s.Call) and isinstance(call.func, s.Attribute) and call.func.name == "wait_for_everyone"


def _outermost_with(statement: Any) -> Any:
    while isinstance(statement.block.owner, s.With):
        statement = statement.block.owner
    return statement


class MainProcessGuard(Rule):
    """Ask the Accelerator who the main process is.

    What: `if rank == 0:` becomes `if accelerator.is_main_process:`.
    Why: the rank that the script worked out by hand goes with its process group.
    Safety: safe for a plain comparison with 0 that guards a block.
    Source: Accelerate's `Accelerator.is_main_process`.
    """

    code = "MIG406"
    name = "rank-check"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for module in training.modules:
            for node in module.nodes(s.Compare):
                zero = node.comparators[0]
                if node.operators != ["=="] or not (isinstance(zero, s.Literal) and zero.value == 0):
                    continue
                ranks = [x for x in training.value(node.left) if x.kind is Kind.RANK]
                if not ranks or len(ranks) != len(training.value(node.left)):
                    continue
                yield Change(
                    self.code, module, node, f"Replace `{module.text(node)}` with `accelerator.is_main_process`",
                    (Step(module, node, Replace(module.span(node), f"{ACCELERATOR}.is_main_process")),), needs=_PREPARED,
                )  # fmt: skip


class SaveDict(Rule):
    """Keep the layout of checkpoints that are dictionaries.

    What: in `torch.save({"model": model.state_dict(), "epoch": e}, path)` only `model` is unwrapped.
    Why: old checkpoints load, and new ones load without Accelerate.
    Safety: safe; done by MIG501 and MIG207 together.
    Source: Accelerate's `Accelerator.save`.
    """

    code = "MIG502"
    name = "save-dict"

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())


class ModelModule(Rule):
    """Replace `model.module` by `unwrap_model`.

    What: `model.module.x` becomes `accelerator.unwrap_model(model).x`, and so does the whole of
    `model.module.x if hasattr(model, "module") else model.x`.
    Why: on one process there is no `module`.
    Safety: safe; done together with MIG207.
    Source: Accelerate's `Accelerator.unwrap_model`.
    """

    code = "MIG504"
    name = "model-module"
    safety = Safety.SAFE

    def check(self, training: Training) -> Iterator[Change]:
        for node, model in wrapper_questions(training) if training.required else ():
            module = training.module_of(node)
            shown = module.text(model)
            inside = [x for x in node.orelse.walk() if module.text(x) == shown and isinstance(x, type(model))]
            span, start = module.outer(node), module.outer(node.orelse).start
            text = module.outer_text(node.orelse)
            for part in reversed(inside):
                at, end = (offset - start for offset in module.outer(part))
                text = f"{text[:at]}{ACCELERATOR}.unwrap_model({text[at:end]}){text[end:]}"
            yield Change(
                self.code,
                module,
                node,
                f"Reach the model through `accelerator.unwrap_model({shown})`, wrapped or not",
                (Step(module, node, Replace(span, text)),),
                needs=_PREPARED,
                gives=frozenset(f"unwrap:{id(x)}" for x in node.walk()),
                alike=tuple(x for x in node.body.walk() if isinstance(x, s.Attribute) and x.name == "module"),
            )


RULES: tuple[type[Rule], ...] = (Save, SaveDict, Load, ModelModule, MainProcessGuard)
