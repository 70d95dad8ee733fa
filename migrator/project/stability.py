"""Check, before a result is written, that a second migration would not change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migrator.errors import Distrusted, FileProblem
from migrator.plan import guard
from migrator.project.analysis import Selection, analysed, asked, make_plan, trains
from migrator.project.program import mistake
from migrator.project.proposal import Proposal
from migrator.project.sources import ExternalUsers, SourceStore
from migrator.report.report import Item, Level, ProgramReport
from migrator.rules.catalogue import CHECKS
from migrator.rules.severity import Effect
from migrator.source.module import Module

_EDITING = tuple(rule for rule in CHECKS if rule.effect in (Effect.EDITS, Effect.EDITS_WITH_UNSAFE))


def checked_twice(path: str, proposal: Proposal, sources: SourceStore, migrated_together: frozenset[str]) -> Proposal:
    """Check, before it is written, that a result is sound and that a second migration does not change it.

    Args:    migrated_together: files that change together with the program.
    Returns: the same proposal, or one without edits.
    """
    if proposal.report is None or not proposal.edits:
        return proposal
    try:
        results = dict(_results(proposal, sources))
        if not changes_again(sources.module(path), results, sources, migrated_together):
            return proposal
        message = "INTERNAL ERROR: a second run would change the result again; please report this file"
        problem: FileProblem = Distrusted(proposal.entry, message)
    except FileProblem as found:
        problem = found
    except Exception as error:  # an error of ours in one program; the others are still migrated
        problem = mistake(path, error)
    return replace(proposal, report=_without_edits(proposal.report, problem), edits={})


def _results(proposal: Proposal, sources: SourceStore) -> Iterator[tuple[Module, Module]]:
    """Give each changed module and what becomes of it; the proposal may be one that was kept.

    Raises:  Distrusted
    """
    for path, edits in proposal.edits.items():
        module, text = sources.module(path), proposal.source_report(path).text
        assert text is not None
        yield module, guard.check(module, text, [placed.edit for placed in edits])


def _without_edits(report: ProgramReport, problem: FileProblem) -> ProgramReport:
    """Report a program that is not changed because of a problem."""
    untouched = tuple(replace(file, text=None, items=tuple(map(_unapplied, file.items))) for file in report.files)
    return replace(report, files=untouched, problems=(*report.problems, problem), entries=())


def _unapplied(item: Item) -> Item:
    return replace(item, applied=False, level=Level.REVIEW) if item.applied else item


def changes_again(
    entry: Module, results: dict[Module, Module], sources: SourceStore, migrated_together: frozenset[str]
) -> bool:
    """Whether migrating the results once more, without MIG004, would change them.

    Args:    results: each changed module, as the guard has read it.
    """
    second = sources.second(results)
    training = analysed(results.get(entry, entry), second)
    if not trains(training):
        return False
    selection = Selection(training, second)
    external_users = ExternalUsers(second, training, migrated_together)
    # the rules that only report may block the program; they are asked only if there would be edits
    return all(
        make_plan(*asked(training, rules), second, selection, external_users).edits for rules in (_EDITING, CHECKS)
    )
