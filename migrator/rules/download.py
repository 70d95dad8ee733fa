"""Downloads: done by one process first, then read by the others."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.rules.change import ACCELERATOR, Change, Level, Step, short
from migrator.rules.fact import FOR_PREPARED
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Wrap
from migrator.source.module import Module
from migrator.training.position import within
from migrator.training.training import Training

_REASON = "processes that write the same file at once corrupt it"


class Download(Rule):
    """Download on the main process first; the others then find the files.

    What: `data = datasets.MNIST(root, download=True)` is put under `with accelerator.main_process_first():` where an
    Accelerator is in scope. A dataset that is built inside a loader's arguments, and an archive that every process unpacks,
    are reported.
    Why: processes that download or unpack the same file at once corrupt it.
    Safety: safe; these datasets do not download files that exist.
    Source: Accelerate's `Accelerator.main_process_first`.
    """

    code = "MIG505"
    name = "download"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        for module in training.modules if training.required else ():
            for call in module.nodes(s.Call):
                if not (training.is_involved(call) or training.is_run(call)) or _is_first(call):
                    continue
                if _downloads(training, call):
                    yield self._change(training, module, call)
                elif isinstance(call.func, s.Attribute) and call.func.name == "extractall":
                    yield Change(
                        self.code, module, call, f"Every process unpacks an archive: `{short(module.text(call))}`", level=Level.REVIEW,
                        reason="a process may read a file that another one is still writing",
                        help="unpack it before the training, or under `with accelerator.main_process_first():`",
                    )  # fmt: skip

    def _change(self, training: Training, module: Module, call: s.Call) -> Change:
        statement = call.statement
        steps: tuple[Step, ...] = ()
        if call.parent is statement and not any(within(x.node, statement) for x in training.placement.wrapped_in_place):
            steps = (Step(module, statement, Wrap(statement, statement, f"with {ACCELERATOR}.main_process_first():")),)
        if not steps:
            return _advice(module, call)
        return Change(
            self.code,
            module,
            call,
            "Download on the main process first",
            steps,
            requires=FOR_PREPARED,
            best_effort=True,
            fallback=_advice(module, call),
        )


def _advice(module: Module, call: s.Call) -> Change:
    return Change(
        "MIG505", module, call, f"Every process may download the same files: `{short(module.text(call.func))}`", level=Level.NOTE,
        reason=_REASON, help="run the script once on one process; later runs find the files",
    )  # fmt: skip


def _downloads(training: Training, call: s.Call) -> bool:
    """Whether a library call may download missing files."""
    argument = call.argument(None, "download")
    if argument is None or (isinstance(argument, s.Literal) and not argument.value):
        return False
    made = training.value(call.func)
    return bool(made) and all(x.kind in (Kind.LIBRARY, Kind.OPAQUE) for x in made)


def _is_first(node: s.Node | None) -> bool:
    """Whether code already runs on one process before the others, or on one only."""
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        tests = [item.value for item in node.items] if isinstance(node, s.With) else []
        tests += [node.test] if isinstance(node, s.If) else []
        words = {x.name for test in tests for x in test.walk() if isinstance(x, s.Attribute)}
        if any("main_process" in word for word in words):
            return True
        node = node.parent
    return False


RULES: tuple[type[Rule], ...] = (Download,)
