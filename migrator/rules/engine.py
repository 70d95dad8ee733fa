"""Training in code that was not read: it is in none of the given files, or in one that cannot be parsed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from migrator.errors import FileProblem
from migrator.inference.objects import Kind
from migrator.inference.trace import Escaped, of_kind
from migrator.rules.advice import shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import DerivedRule, Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.training import Training

_TRAINED = {Kind.OPTIMIZER: "optimizer", Kind.MODEL: "model", Kind.LOADER: "loader"}


class UnseenEngine(Rule):
    """Report scripts whose training steps are in code that was not read.

    What: `Trainer(model, optimizer).fit(loader)` where `Trainer` is in none of the given files, or in one that cannot be parsed.
    Why: the code that calls `backward` and `step` has to use the Accelerator as well, and it was not read.
    Safety: never edits.
    Source: README, "Limits".
    """

    code = "MIG915"
    name = "unseen-engine"
    effect = Effect.REVIEWS

    def check(self, training: Training) -> Iterator[Change]:
        for node in dict.fromkeys(event.node for event in training.handed_over if isinstance(event.node, s.Call)):
            module = training.module_of(node)
            problem = training.unread(node.func)
            where = "that code is in none of the given files" if problem is None else _fault(problem)
            help = "give migrate the file with the training steps as well; a training framework has its own support for several processes"
            yield Change(
                self.code,
                module,
                node,
                f"`{shown(training, node.func)}` gets the optimizer, but {where}",
                level=Level.REVIEW,
                reason="the training steps were not read, so the script is not changed",
                help=help if problem is None else f"fix the syntax error in {problem.path}, then run migrate again",
            )
            yield from self._stays(training, node)

    def _stays(self, training: Training, call: s.Call) -> Iterator[Change]:
        """Report what is passed to code that was not read, and is therefore not prepared."""
        to = f"`{shown(training, call.func)}`"
        for event in of_kind(training.before.trace.events, Escaped):
            item = event.item.raw
            if event.node is call and item.kind in _TRAINED and item.site is not None:
                yield Change(
                    self.code,
                    training.module_of(item.site),
                    item.site,
                    f"This {_TRAINED[item.kind]} is not prepared: it is passed to {to}",
                    level=Level.NOTE,
                    reason="the code that uses it was not read",
                )


class UnreadFile(Rule):
    """Report imported files that cannot be parsed and that take part in the training.

    What: `utils.evaluate(model, loader)` where `utils.py` is written in Python 2.
    Why: it may train, move or save what it gets, and the script cannot run before the file is fixed.
    Safety: blocks the program; none of its files is changed.
    Source: README, "Limits".
    """

    code = "MIG915"
    name = "unread-file"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        told = set()
        for event in of_kind(training.before.trace.events, Escaped) if training.required else ():
            if not isinstance(event.node, s.Call):
                continue
            problem = training.unread(event.node.func)
            if problem is None or problem.path in told or event.item.kind not in _TRAINED:
                continue
            told.add(problem.path)
            what = _TRAINED[event.item.kind]
            yield Change(
                self.code,
                training.module_of(event.node),
                event.node,
                f"`{shown(training, event.node.func)}` gets a {what}, but {_fault(problem)}",
                level=Level.REVIEW,
                blocks=True,
                reason="the code that uses it was not read",
                help=f"fix the syntax error in {problem.path}, then run migrate again",
            )


class ImportByName(DerivedRule):
    """Report scripts that import their training code by a name that is only known at run time.

    What: `importlib.import_module(f"agents.{args.agent}")`, `__import__(name)`, with files beside it that train.
    Why: the imported module is not known before the script runs, so it cannot be analysed together with the script, and
    the script cannot create the Accelerator for it.
    Safety: never edits.
    Source: README, "Limits".
    """

    code = "MIG919"
    name = "import-by-name"
    effect = Effect.REVIEWS


def imports_by_name(training: Training) -> Iterator[tuple[Module, s.Call]]:
    """Give the imports by names that are only known at run time."""
    for module in training.modules:
        for call in module.nodes(s.Call):
            name = call.func.name if isinstance(call.func, s.Attribute) else getattr(call.func, "id", "")
            if name in ("import_module", "__import__") and call.args and not isinstance(call.args[0].value, s.Literal):
                yield module, call


def import_by_name(module: Module, call: s.Call, found: list[str]) -> Change:
    """Report an import by name.

    Args:    found: the files near it that may train.
    """
    return Change(
        ImportByName.code,
        module,
        call,
        f"This imports a module by a name that is only known at run time; it may be {found[0]}, which may train",
        level=Level.REVIEW,
        reason="the imported module is not analysed together with this script, so neither is changed for the other",
        help="use a plain `import` statement, then run migrate again",
    )


def _fault(problem: FileProblem) -> str:
    """Give the file that cannot be parsed, and the place of the error."""
    file, message = os.path.basename(problem.path), problem.message.partition(";")[0]
    return f"its file {file} {message} in line {problem.line}"


RULES: tuple[type[Rule], ...] = (UnseenEngine, UnreadFile, ImportByName)
