"""Folders that several processes create at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.rules.change import Change, Level, Step, short
from migrator.rules.fact import FOR_PREPARED
from migrator.rules.main_process import is_guarded, takes_part
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.training import Training

# what a `mkdir` raises where the folder is there
_TAKEN = frozenset({"OSError", "FileExistsError", "Exception", "IOError", "EnvironmentError", "BaseException"})


class Folder(Rule):
    """Create folders without a race between processes.

    What: `os.mkdir(d)` and `os.makedirs(d)` become `os.makedirs(d, exist_ok=True)`; a `path.mkdir()` is reported.
    Why: if another process created the folder first, the call fails with a FileExistsError.
    Safety: safe; not changed where a `try` around the call catches that error and goes on.
    Source: Python's `os.makedirs`.
    """

    code = "MIG505"
    name = "folder"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for name in ("os.mkdir", "os.makedirs"):
            for module, call in training.calls.get(name, []):
                if takes_part(training, call) and not _tolerates(call.statement):
                    yield from self._folder(training, module, call, name)
        for module in training.modules:
            for call in module.nodes(s.Call):
                if _makes_by_path(training, call) and takes_part(training, call) and not is_guarded(training, call):
                    yield Change(
                        self.code, module, call, f"`{short(module.text(call))}` fails if another process created the folder first",
                        level=Level.REVIEW, reason="the processes create the folder at the same time, and only the first one succeeds",
                        help="create it with `exist_ok=True`, or under `if accelerator.is_main_process:`",
                    )  # fmt: skip

    def _folder(self, training: Training, module: Module, call: s.Call, name: str) -> Iterator[Change]:
        if (
            call.argument(None, "exist_ok") is not None
            or not isinstance(call.parent, s.Evaluate)
            or any(arg.star for arg in call.args)
        ):
            return
        operations: list[Operation] = []
        if name == "os.mkdir":
            text = module.text(call.func)
            if not text.endswith("mkdir") or len(call.args) != 1 or "." not in text:
                return
            end = module.span(call.func).end
            operations.append(Replace(Span(end - len("mkdir"), end), "makedirs"))
        if call.args:
            end = module.outer(call.args[-1].value).end
            operations.append(Replace(Span(end, end), ", exist_ok=True"))
        yield Change(
            self.code, module, call, "Create the folder without failing if another process created it first",
            tuple(Step(module, call, operation) for operation in operations), requires=FOR_PREPARED,
        )  # fmt: skip


def _makes_by_path(training: Training, call: s.Call) -> bool:
    """Whether a call is a `path.mkdir(...)` that fails if the folder exists."""
    if not isinstance(call.func, s.Attribute) or call.func.name != "mkdir":
        return False
    argument = call.argument(2, "exist_ok")
    is_taken = isinstance(argument, s.Literal) and argument.value is True
    owner = training.value(call.func.value)
    return not is_taken and not _tolerates(call.statement) and not any(x.kind is Kind.LIBRARY for x in owner)


def _tolerates(statement: s.Statement) -> bool:
    """Whether a statement is in a `try` that catches the error of an existing folder and goes on."""
    while isinstance(statement.block.owner, s.If):
        statement = statement.block.owner
    owner = statement.block.owner
    if not isinstance(owner, s.Try) or statement.block is not owner.body:
        return False
    taking = [x for x in owner.handlers if x.type is None or _names(x.type) & _TAKEN]
    return any(
        not isinstance(x, s.Raise) and not _ends(x) for handler in taking[:1] for x in [handler.body.statements[-1]]
    )


def _names(node: s.Node) -> set[str]:
    return {x.id for x in node.walk() if isinstance(x, s.Name)}


def _ends(statement: s.Node) -> bool:
    """Whether a statement ends the process: `sys.exit(1)`."""
    call = statement.value if isinstance(statement, s.Evaluate) else None
    name = getattr(call.func, "name", getattr(call.func, "id", "")) if isinstance(call, s.Call) else ""
    return name in ("exit", "_exit", "quit")


RULES: tuple[type[Rule], ...] = (Folder,)
