"""One program, from its files to a settled plan."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.inference.program import Program
from migrator.plan.plan import Plan
from migrator.plan.settle import settle
from migrator.project.sources import ExternalUsers, SourceStore, path_of
from migrator.rules.catalogue import CHECKS
from migrator.rules.change import Change
from migrator.rules.rule import Rule
from migrator.source.ignore import Ignores
from migrator.source.module import Module
from migrator.training.training import Training, analyse


def analysed(entry: Module, sources: SourceStore) -> Training:
    """Analyse the program that starts in a module."""
    return analyse(Program(entry, sources.read, sources.parsed, sources.find, sources.settings.makes))


def asked(training: Training, rules: Sequence[Rule] = CHECKS) -> tuple[Training, list[Change]]:
    """Ask the rules; where changes elide calls, look a second time with these out of the way, and ask again."""
    changes = [change for rule in rules for change in rule.check(training)]
    elided = frozenset(call for change in changes for call in change.elides)
    if elided:
        training = analyse(training.program, elided)
        changes = [change for rule in rules for change in rule.check(training)]
    return training, changes


def trains(training: Training) -> bool:
    """Whether a program trains, itself or through code that it hands its training to."""
    return training.is_training or training.is_distributed or bool(training.handed_over)


class Selection:
    """Which rules the user wants: by the settings, and by comments in the files that may be changed."""

    def __init__(self, training: Training, sources: SourceStore) -> None:
        """Read the comments of the given files, and with `--follow` of those that they reach."""
        self._settings = sources.settings
        follow = self._settings.follow
        self.ignores = {x: Ignores(x) for x in training.modules if follow or sources.is_given(path_of(x))}
        self.editable = {module for module, found in self.ignores.items() if not found.whole}

    def takes(self, change: Change) -> bool:
        """Whether a change is wanted."""
        ignores = self.ignores.get(change.module)
        is_left_out = ignores is not None and ignores.covers(change.code, change.module, change.node)
        return self.takes_code(change.code) and not is_left_out

    def takes_code(self, code: str) -> bool:
        """Whether a code is selected."""
        return self._settings.wants(code)


def make_plan(
    training: Training,
    changes: Sequence[Change],
    sources: SourceStore,
    selection: Selection,
    external_users: ExternalUsers,
) -> Plan:
    """Settle what is done."""
    settings = sources.settings
    return settle(training, changes, selection, selection.editable, settings.target, settings.unsafe, external_users)
