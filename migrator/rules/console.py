"""What the processes say: once, not N times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator.roles.role import Kind
from migrator.rules.change import ACCELERATOR, Change, Level, Prefix, Step
from migrator.rules.rule import Rule
from migrator.source import syntax as s
from migrator.source.block import Replace, Wrap
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.training import Training

_PREPARED = frozenset({"prepared"})


class Print(Rule):
    """Print on the main process only.

    What: `print(...)` becomes `accelerator.print(...)` where the Accelerator is at hand; `sys.stdout.write(...)` moves under
    `if accelerator.is_local_main_process:`.
    Why: N processes would print every line N times.
    Safety: safe; on one process it prints the same. Prints to a file, in code that no Accelerator reaches, or before there
    is one, stay as they are, and so does a variable that holds `print`.
    Source: Accelerate's `Accelerator.print`.
    """

    code = "MIG702"
    name = "print"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        told: set[tuple[Module, str]] = set()
        for module, call in training.calls.get("print", []):
            if not training.is_involved(call) or "file" in call.keywords() or _in_model(training, call):
                continue
            if any(arg.star == "**" for arg in call.args) or _is_guarded(call):
                continue
            if not _is_written(training, call, "print"):
                if (module, module.text(call.func)) not in told:
                    told.add((module, module.text(call.func)))
                    yield _held(module, call)
                continue
            yield Change(
                self.code,
                module,
                call,
                "Print on the main process only",
                (Step(module, call, Prefix(call.func, f"{ACCELERATOR}.")),),
                needs=_PREPARED,
                opportune=True,
            )
        for module, call in training.calls.get("sys.stdout.write", []):
            if isinstance(call.parent, s.Evaluate) and training.is_involved(call) and not _is_guarded(call):
                yield self._write(module, call)

    def _write(self, module: Module, call: s.Call) -> Change:
        last = call.statement
        following = last.block.statements[last.index + 1 : last.index + 2]
        if following and module.text(following[0]).endswith("stdout.flush()"):
            last = following[0]
        return Change(
            self.code, module, call, "Write to the console on the main process only",
            (Step(module, call, Wrap(call.statement, last, f"if {ACCELERATOR}.is_local_main_process:")),),
            needs=_PREPARED, opportune=True,
        )  # fmt: skip


def _held(module: Module, call: s.Call) -> Change:
    """Say of a variable that holds `print` that what is printed through it comes once per process."""
    return Change(
        "MIG702", module, call, f"`{module.text(call.func)}` may be `print`, whose lines come once per process",
        level=Level.NOTE, reason="what else the variable may hold, an Accelerator has not",
        recipe="give it `accelerator.print` instead of `print`",
    )  # fmt: skip


class ProgressBar(Rule):
    """Show progress bars on the main process only.

    What: `tqdm(loader)` gets `disable=not accelerator.is_local_main_process` where the Accelerator is at hand.
    Why: N bars draw over one another.
    Safety: safe; a bar that says `disable` itself stays as it is.
    Source: tqdm.
    """

    code = "MIG703"
    name = "progress-bar"

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
                    (Step(module, call, Replace(Span(end, end), text, 7)),), needs=_PREPARED, opportune=True,
                )  # fmt: skip


def _is_written(training: Training, call: s.Call, name: str) -> bool:
    """Whether a call names a builtin itself: a variable that holds it, as in `log=print`, may hold something else."""
    return isinstance(call.func, s.Name) and call.func.id == name and len(training.value(call.func)) == 1


def _in_model(training: Training, node: Any) -> bool:
    """Whether code belongs to a model or a dataset, which should not depend on an Accelerator."""
    while node is not None and not isinstance(node, s.ClassDef):
        node = node.parent
    return node is not None and any(
        getattr(x.data, "site", None) is node for x in training.walk.heap.those(Kind.MODEL, Kind.DATASET)
    )


def _is_guarded(node: Any) -> bool:
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        owner = parent.owner if isinstance(parent, s.Block) else None
        if isinstance(owner, s.If) and any(
            isinstance(x, s.Attribute) and x.name.endswith("main_process") for x in owner.test.walk()
        ):
            return True
        node = parent
    return False


RULES: tuple[type[Rule], ...] = (Print, ProgressBar)
