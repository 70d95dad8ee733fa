"""Checkpoints: written by one process, with the same keys as before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrator.inference.objects import Kind
from migrator.inference.trace import Called, Forwarded
from migrator.rules.change import ACCELERATOR, Change, Step
from migrator.rules.fact import FOR_PREPARED, SAVED, UNWRAPPED, prepare_obliges
from migrator.rules.main_process import is_guarded
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.rules.wrapper import wrapped_uses, wrapper_questions
from migrator.source import syntax as s
from migrator.source.block import Replace, Wrap
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.position import within
from migrator.training.training import Training

_GUARD = f"if {ACCELERATOR}.is_main_process:"


class Save(Rule):
    """Write checkpoints on the main process only.

    What: `torch.save(x, path)` becomes `accelerator.save(x, path)`; a block that opens the file itself is put under
    `if accelerator.is_main_process:`. The model is unwrapped first, so that the keys of the checkpoint stay the same.
    Why: N processes that write one file at once corrupt it; the keys of a wrapped model begin with `module.`.
    Safety: safe; on one process nothing changes.
    Source: Accelerate's `Accelerator.save`.
    """

    code = "MIG501"
    name = "save"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        opened: dict[s.With, list[s.Call]] = {}
        for module, call in unguarded_saves(training):
            block = _opening_block(training, call)
            if block is None:
                yield self._change(training, module, call)
            else:
                opened.setdefault(block, []).append(call)
        for block, calls in opened.items():
            module = training.module_of(block)
            message = f"Write `{_path_text(module, block)}` on the main process only"
            yield guarded(self.code, module, block, block, calls[0], message, calls)

    def _change(self, training: Training, module: Module, call: s.Call) -> Change:
        known = {None, "obj", "f"}
        if (
            len([arg for arg in call.args if arg.keyword is None]) > 2
            or {arg.keyword for arg in call.args} - known
            or any(arg.star for arg in call.args)
        ):
            return guarded(
                self.code, module, call.statement, call.statement, call, "Save on the main process only", [call]
            )
        text = module.text(call.func)
        return Change(
            self.code,
            module,
            call,
            f"Replace `{text}(...)` with `accelerator.save(...)`, which writes on the main process",
            (Step(module, call, Replace(module.span(call.func), f"{ACCELERATOR}.save")),),
            requires=FOR_PREPARED,
            provides=frozenset({SAVED.of(call)}),
            obliges=prepare_obliges(SAVED.of(call)),
        )


def unguarded_saves(training: Training) -> list[tuple[Module, s.Call]]:
    """Calls of ``torch.save`` in the training that every process would make."""
    found = training.calls.get("torch.save", [])
    return [(module, call) for module, call in found if training.is_involved(call) and not is_guarded(training, call)]


def guarded(
    code: str,
    module: Module,
    first: s.Statement,
    last: s.Statement,
    node: s.Node,
    message: str,
    saves: Iterable[s.Call] = (),
) -> Change:
    """Put statements under a main-process guard.

    Args:    saves: the calls in them that must not happen on every process.
    """
    saved = frozenset(SAVED.of(call) for call in saves)
    return Change(
        code,
        module,
        node,
        message,
        (Step(module, first, Wrap(first, last, _GUARD)),),
        requires=FOR_PREPARED,
        provides=saved,
        obliges=prepare_obliges(*saved),
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


class LoadedModel(Rule):
    """Load a pickled model onto the device of the process that loads it.

    What: `model = torch.load("best.pt")`, where the model then runs, gets `map_location=accelerator.device`.
    Why: `torch.load` restores a model to the device that it was saved from. The batches of another process are on another
    device, so its forward would raise an error.
    Safety: safe. Not changed: weights that `load_state_dict` copies into a model, and models that are moved or prepared.
    Source: torch.load.
    """

    code = "MIG503"
    name = "loaded-model"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        run = {event.item.site: event.item for event in training.events(Forwarded) if event.item.kind is Kind.OPAQUE}
        moved = {event.item for event in training.events(Called) if event.method in ("to", "cuda", "cpu")}
        for module, call in training.calls.get("torch.load", []):
            item = run.get(call)
            if item is None or item.prepared or item in moved or "map_location" in call.keywords():
                continue
            if len([arg for arg in call.args if arg.keyword is None]) != 1 or any(arg.star for arg in call.args):
                continue
            end = module.outer(call.args[-1].value).end
            yield Change(
                self.code, module, call, "Load this model onto `accelerator.device`",
                (Step(module, call, Replace(Span(end, end), f", map_location={ACCELERATOR}.device")),), requires=FOR_PREPARED,
            )  # fmt: skip


class MainProcessGuard(Rule):
    """Report `rank == 0`, which could be `accelerator.is_main_process`.

    What: `if rank == 0:` would become `if accelerator.is_main_process:`.
    Why: a rank from `torch.distributed` exists only while there is a process group; `is_main_process` is always defined.
    Safety: safe, but not applied today: the call that gives the rank blocks the program (MIG404, MIG407). Remove that
    call, and write the condition with `accelerator.is_main_process`.
    Source: Accelerate's `Accelerator.is_main_process`.
    """

    code = "MIG406"
    name = "rank-check"
    effect = Effect.REVIEWS

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
                    (Step(module, node, Replace(module.span(node), f"{ACCELERATOR}.is_main_process")),), requires=FOR_PREPARED,
                )  # fmt: skip


class ModelModule(Rule):
    """Replace `model.module` with `accelerator.unwrap_model(model)`.

    What: `model.module.x` becomes `accelerator.unwrap_model(model).x`, and so does the whole of
    `model.module.x if hasattr(model, "module") else model.x`.
    Why: on one process the model is not wrapped and has no `module`.
    Safety: safe; done together with MIG207.
    Source: Accelerate's `Accelerator.unwrap_model`.
    """

    code = "MIG504"
    name = "model-module"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        for node, model in wrapper_questions(training) if training.required else ():
            module = training.module_of(node)
            shown = module.text(model)
            inside = [x for x in node.orelse.walk() if isinstance(x, _VARIABLES) and _is_same(training, x, model)]
            span, start = module.outer(node), module.outer(node.orelse).start
            text = module.outer_text(node.orelse)
            for part in reversed(inside):
                at, end = (offset - start for offset in module.outer(part))
                text = f"{text[:at]}{ACCELERATOR}.unwrap_model({text[at:end]}){text[end:]}"
            yield Change(
                self.code,
                module,
                node,
                f"Replace this with `accelerator.unwrap_model({shown})`, which works whether the model is wrapped or not",
                (Step(module, node, Replace(span, text)),),
                requires=FOR_PREPARED,
                provides=frozenset(UNWRAPPED.of(x) for x in node.walk()),
                obliges=prepare_obliges(*(UNWRAPPED.of(x) for x, _ in wrapped_uses(training) if within(x, node))),
                alike=tuple(x for x in node.body.walk() if isinstance(x, s.Attribute) and x.name == "module"),
            )


_VARIABLES = (s.Name, s.Attribute)


def _is_same(training: Training, node: s.Name | s.Attribute, model: s.Expression) -> bool:
    """Whether a variable holds the prepared model that another expression holds, by whichever name."""
    return bool({x for x in training.value(node) if x.prepared} & training.value(model))


RULES: tuple[type[Rule], ...] = (Save, LoadedModel, ModelModule, MainProcessGuard)
