"""Training, or a part of it, in code that was not read: in no given file, or in one that cannot be parsed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from migrator.errors import FileProblem
from migrator.inference.objects import Kind
from migrator.inference.trace import Escaped, of_kind
from migrator.rules.advice import shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import DerivedRule, Rule, Safety
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.training import Training

_TRAINED = {Kind.OPTIMIZER: "optimizer", Kind.MODEL: "model", Kind.LOADER: "loader"}


class UnseenEngine(Rule):
    """Report where a script hands its training to code that cannot be seen.

    What: `Trainer(model, optimizer).fit(loader)` where `Trainer` is in none of the given files, or in one that cannot be parsed.
    Why: whoever takes the steps has to go through the Accelerator as well; the call that begins it is all that is here.
    Safety: reported only.
    Source: contract, P3 and P4.
    """

    code = "MIG915"
    name = "unseen-engine"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        for node in dict.fromkeys(event.node for event in training.handed_over if isinstance(event.node, s.Call)):
            module = training.module_of(node)
            problem = training.unread(node.func)
            where = "its code is in none of the given files" if problem is None else _fault(problem)
            help = "give the file that takes the steps too, or migrate it by the framework's own means"
            yield Change(
                self.code,
                module,
                node,
                f"`{shown(training, node.func)}` gets the optimizer, and {where}",
                level=Level.REVIEW,
                reason="the training steps were not seen, so nothing here can be prepared for them",
                help=help if problem is None else f"mend {problem.path}, then run migrate again",
            )
            yield from self._stays(training, node)

    def _stays(self, training: Training, call: s.Call) -> Iterator[Change]:
        """Say of what the unseen code gets that it stays as it is."""
        to = f"`{shown(training, call.func)}`"
        for event in of_kind(training.before.trace.events, Escaped):
            item = event.item.raw
            if event.node is call and item.kind in _TRAINED and item.site is not None:
                yield Change(
                    self.code,
                    training.module_of(item.site),
                    item.site,
                    f"This {_TRAINED[item.kind]} is not prepared: {to} gets it",
                    level=Level.NOTE,
                    reason="what becomes of it there was not seen",
                )


class UnreadFile(Rule):
    """Stop where an imported file that cannot be parsed gets a part of the training.

    What: `utils.evaluate(model, loader)` where `utils.py` is written in Python 2.
    Why: it may step, place or save what it gets; and the script cannot run before the file is mended.
    Safety: reported only; the program is left alone.
    Source: contract, P3 and P4.
    """

    code = "MIG915"
    name = "unread-file"
    safety = Safety.REVIEW

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
                f"`{shown(training, event.node.func)}` gets a {what}, and {_fault(problem)}",
                level=Level.REVIEW,
                blocks=True,
                reason="what becomes of it there was not seen",
                help=f"mend {problem.path}, then run migrate again",
            )


class ImportByName(DerivedRule):
    """Report where a script that trains nothing itself imports what may train by a name that nobody can see.

    What: `importlib.import_module(f"agents.{args.agent}")`, `__import__(name)`, with files beside it that train.
    Why: which module it will be is decided when the script runs, so neither is the training analysed as a part of it, nor
    can the Accelerator be made where the script begins.
    Safety: reported only.
    Source: contract, P4.
    """

    code = "MIG919"
    name = "import-by-name"
    safety = Safety.REVIEW


def imports_by_name(training: Training) -> Iterator[tuple[Module, s.Call]]:
    """Give the imports by names that are made up when the program runs."""
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
        f"What is imported here is decided when the script runs; it may be {found[0]}, which may train",
        level=Level.REVIEW,
        reason="a module that is imported by a made-up name is not analysed together with who imports it",
        help="import it by a plain `import`, then run migrate again",
    )


def _fault(problem: FileProblem) -> str:
    """Say which file was not read, and where it fails."""
    file, message = os.path.basename(problem.path), problem.message.partition(";")[0]
    return f"its file {file} {message} in line {problem.line}"


RULES: tuple[type[Rule], ...] = (UnseenEngine, UnreadFile, ImportByName)
