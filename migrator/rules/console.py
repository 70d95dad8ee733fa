"""Console output: printed once, not by every process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Made
from migrator.rules.change import ACCELERATOR, Change, Level, Prefix, Step
from migrator.rules.fact import FOR_PREPARED
from migrator.rules.main_process import is_guarded_on_every_way, takes_part
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Replace, Wrap
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.position import class_of, scope_of
from migrator.training.training import Training


class Print(Rule):
    """Print on the main process only.

    What: `print(...)` becomes `accelerator.print(...)` where an Accelerator is in scope; `sys.stdout.write(...)` is put under
    `if accelerator.is_local_main_process:`.
    Why: N processes would print every line N times.
    Safety: safe; on one process it prints the same. Prints to a file are not changed. A print that cannot use the
    Accelerator is reported, once per file: in a file that was not given, in the code of a model or a dataset, before the
    Accelerator is created, or through a variable that holds `print`.
    Source: Accelerate's `Accelerator.print`.
    """

    code = "MIG702"
    name = "print"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        told: set[tuple[Module, str]] = set()
        kept: dict[Module, list[s.Node]] = {}
        for module, call in training.calls.get("print", []):
            if not takes_part(training, call) or "file" in call.keywords():
                continue
            if any(arg.star == "**" for arg in call.args) or is_guarded_on_every_way(training, call):
                continue
            if _in_model(training, call):
                if _runs_in_model(training, call):
                    kept.setdefault(module, []).append(call)
            elif not _is_written(training, call, "print"):
                if (module, module.text(call.func)) not in told:
                    told.add((module, module.text(call.func)))
                    yield _held(module, call)
            else:
                yield Change(
                    self.code,
                    module,
                    call,
                    "Print on the main process only",
                    (Step(module, call, Prefix(call.func, f"{ACCELERATOR}.")),),
                    requires=FOR_PREPARED,
                    best_effort=True,
                    in_one=_missed,
                )
        for module, calls in kept.items():
            reason = (
                "N processes print this line N times; migrate passes no Accelerator to the code of a model or a dataset"
            )
            yield _repeated(
                module, calls, reason, "print in the training script instead, where the Accelerator is in scope"
            )
        for module, call in training.calls.get("sys.stdout.write", []):
            if not isinstance(call.parent, s.Evaluate) or is_guarded_on_every_way(training, call):
                continue
            if takes_part(training, call):
                yield self._write(module, call)

    def _write(self, module: Module, call: s.Call) -> Change:
        last = call.statement
        following = last.block.statements[last.index + 1 : last.index + 2]
        if following and module.text(following[0]).endswith("stdout.flush()"):
            last = following[0]
        return Change(
            self.code, module, call, "Write to the console on the main process only",
            (Step(module, call, Wrap(call.statement, last, f"if {ACCELERATOR}.is_local_main_process:")),),
            requires=FOR_PREPARED, best_effort=True, in_one=_missed,
        )  # fmt: skip


def _missed(changes: Sequence[Change], reason: str, help: str) -> Change:
    return _repeated(changes[0].module, [x.node for x in changes], reason, help)


def _repeated(module: Module, prints: Sequence[s.Node], reason: str, help: str = "") -> Change:
    """Report the prints of one file that every process executes, at the first of them."""
    first = min(prints, key=module.where)
    several = f"Every process executes {len(prints)} prints of this file, the first of them here"
    return Change(
        "MIG702", module, first, several if len(prints) > 1 else "Every process executes this print",
        level=Level.NOTE, reason=reason, help=help,
    )  # fmt: skip


def _held(module: Module, call: s.Call) -> Change:
    """Report a call of a variable that may hold `print`."""
    return Change(
        "MIG702", module, call, f"`{module.text(call.func)}` may be `print`, which every process executes",
        level=Level.NOTE, reason="not changed: the variable may hold something other than `print`, which the Accelerator cannot replace",
        help="assign `accelerator.print` to it instead of `print`",
    )  # fmt: skip


class ProgressBar(Rule):
    """Show progress bars on the main process only.

    What: `tqdm(loader)` gets `disable=not accelerator.is_local_main_process` where an Accelerator is in scope.
    Why: N bars overwrite one another.
    Safety: safe; a bar that already has `disable` is not changed.
    Source: tqdm.
    """

    code = "MIG703"
    name = "progress-bar"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for name in ("tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.trange", "tqdm.auto.trange", "tqdm.std.tqdm"):
            for module, call in training.calls.get(name, []):
                if (
                    not training.is_involved(call)
                    or "disable" in call.keywords()
                    or not call.args
                    or any(arg.star for arg in call.args)
                    or len(training.value(call.func)) != 1
                ):
                    continue
                last = call.args[-1]
                if isinstance(last.value, s.Comprehension) and module.outer(last.value) == module.span(last.value):
                    continue
                end = module.outer(last.value).end
                text = f", disable=not {ACCELERATOR}.is_local_main_process"
                yield Change(
                    self.code, module, call, "Show this progress bar on the main process only",
                    (Step(module, call, Replace(Span(end, end), text, 7)),), requires=FOR_PREPARED, best_effort=True,
                )  # fmt: skip


def _is_written(training: Training, call: s.Call, name: str) -> bool:
    """Whether a call names a builtin itself: a variable that holds it, as in `log=print`, may hold something else."""
    return isinstance(call.func, s.Name) and call.func.id == name and len(training.value(call.func)) == 1


def _in_model(training: Training, node: s.Node | None) -> bool:
    """Whether code belongs to a model or a dataset, which should not depend on an Accelerator."""
    while node is not None and not isinstance(node, s.ClassDef):
        node = node.parent
    return node is not None and any(
        getattr(x.data, "site", None) is node for x in training.after.heap.those(Kind.MODEL, Kind.DATASET)
    )


def _runs_in_model(training: Training, call: s.Call) -> bool:
    """Whether the program executes a call in the code of a model or a dataset.

    All methods of a trained model count as involved, and its constructor is analysed only where that trains.
    """
    scope = scope_of(call)
    owner = class_of(scope)
    made = training.events(Made) if owner is not None and owner.methods().get("__init__") is scope else []
    return training.is_run(call) or any(
        isinstance(x.item.data, Object) and x.item.data.site is owner and training.is_run(x.node) for x in made
    )


RULES: tuple[type[Rule], ...] = (Print, ProgressBar)
