"""One program: roles -> training -> changes -> plan -> edits and findings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from traceback import extract_tb

from migrator.errors import Distrusted, FileProblem
from migrator.inference.explain import explain
from migrator.plan import guard
from migrator.plan.plan import Plan
from migrator.project.analysis import Selection, analysed, asked, make_plan, trains
from migrator.project.proposal import MODULE, Placed, Proposal
from migrator.project.sources import ExternalUsers, SourceStore, path_of
from migrator.report.report import FileReport, Item, ProgramReport
from migrator.report.shape import file_reports, item_of
from migrator.rules.blockers import Framework
from migrator.rules.catalogue import CATALOGUE
from migrator.rules.change import Change
from migrator.rules.engine import ImportByName, import_by_name, imports_by_name
from migrator.rules.unhandled import Names, find_unhandled
from migrator.source import syntax as s
from migrator.source.block import Uncomposable
from migrator.source.edit import Conflict, Edit, apply
from migrator.source.module import Module
from migrator.training.explain import explain_components
from migrator.training.training import Training


def program(path: str, sources: SourceStore, migrated_together: frozenset[str] = frozenset()) -> Proposal:
    """Migrate the program that starts in a file.

    Args:    migrated_together: files that change together with it.
    """
    entry = sources.names[path]
    try:
        proposal = migrate(sources.module(path), sources, migrated_together)
    except FileProblem as problem:
        return Proposal(entry, ProgramReport((), (problem,)))
    except Exception as error:  # an error of ours in one program; the others are still migrated
        return Proposal(entry, ProgramReport((), (mistake(path, error),)))
    sources.tidy(path, proposal.modules)
    return proposal


def mistake(path: str, error: Exception) -> Distrusted:
    """Report an unexpected error, with its place in our code."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Distrusted(path, f"INTERNAL ERROR: {text} ({where}); the file was not changed, please report this")


def driven(path: str, sources: SourceStore) -> Proposal:
    """Report the framework that a file without a training loop trains through, if any."""
    entry = sources.names[path]
    try:
        module = sources.module(path)
        item = _framework_item(module)
    except FileProblem as problem:
        return Proposal(entry, ProgramReport((), (problem,)))
    return Proposal(entry, None if item is None else ProgramReport((FileReport(module.source, (item,)),)))


def sound(path: str, edits: Sequence[Edit], sources: SourceStore) -> str:
    """Apply edits, and check the result.

    Raises:  Distrusted
    """
    module = sources.module(path)
    try:
        text = apply(module.source.text, edits)
    except Conflict as problem:
        raise Distrusted(module.source.path, f"INTERNAL ERROR: {problem}") from problem
    guard.check(module, text, edits)
    return text


# ---------------------------------------------------------------- one program


def migrate(entry: Module, sources: SourceStore, migrated_together: frozenset[str] = frozenset()) -> Proposal:
    """Migrate the program that starts in a module.

    Args:    migrated_together: files that change together with it, should they use what it changes.
    """
    training = analysed(entry, sources)
    proposal = Proposal(entry.source.path, None, frozenset(map(path_of, training.modules)))
    if not trains(training):
        return replace(proposal, report=_started_by_name(training, sources))
    if sources.settings.wants(Framework.code):
        for module in training.trained_in:
            item = _framework_item(module)
            if item is not None:
                return replace(proposal, report=_told(item, module, training, sources))
    training, changes = asked(training)
    external_users = ExternalUsers(sources, training, migrated_together)
    proposal = _propose(training, changes, sources, external_users)
    if external_users.found and not migrated_together:
        without_blockers = ExternalUsers(sources, training, frozenset(external_users.all))
        return replace(proposal, alternative=_propose(training, changes, sources, without_blockers))
    return proposal


def _propose(
    training: Training, changes: Sequence[Change], sources: SourceStore, external_users: ExternalUsers
) -> Proposal:
    """Say what a program wants that trains, given what the rules ask for."""
    selection = Selection(training, sources)
    plan = make_plan(training, changes, sources, selection, external_users)
    plan.advice += _unhandled(training, plan)
    report = _report(training, plan, sources, selection)
    changed = report is not None and any(file.text is not None for file in report.files)
    return Proposal(
        training.program.entry.source.path,
        report,
        frozenset(map(path_of, training.modules)),
        edits={path_of(module): tuple(_placed(module, edits)) for module, edits in plan.edits.items()}
        if changed
        else {},
        runs=_runs(training),
        assumptions=frozenset(external_users.assumed),
        blocked_by=frozenset(external_users.found),
        migrated_together=external_users.migrated_together,
    )


def _started_by_name(training: Training, sources: SourceStore) -> ProgramReport | None:
    """Report where a program without a training loop imports code by a name that is only known at run time."""
    for module, call in imports_by_name(training) if sources.settings.wants(ImportByName.code) else ():
        found = [path for path in sources.trainers_near(module) if path != path_of(module)]
        if found:
            item = item_of(import_by_name(module, call, found), module, call)
            return _told(item, module, training, sources)
    return None


def _told(item: Item, module: Module, training: Training, sources: SourceStore) -> ProgramReport:
    """Report a finding in its module, or at the top of the script that imports it if the module was not given."""
    if sources.is_given(path_of(module)):
        return ProgramReport((FileReport(module.source, (item,)),))
    message = f"{item.message} (in {module.source.path}, which this imports)"
    item = replace(item, line=1, column=1, end_line=1, end_column=1, message=message)
    return ProgramReport((FileReport(training.program.entry.source, (item,)),))


def _framework_item(module: Module) -> Item | None:
    found = Framework.found(module)
    return None if found is None else item_of(found, module, found.node)


def _unhandled(training: Training, plan: Plan) -> list[Change]:
    """Report what no rule changes or reports."""
    accepted = plan.accepted if plan.edits else ()
    seen = {node for change in accepted for node in (*change.sites, *change.covers)}
    seen.update(node for change in plan.advice for node in change.covers)
    spoken = [*plan.advice, *(x.change for x in plan.withheld)]
    nodes = [(training.module_of(node), node) for change in spoken for node in change.sites]
    lines = {(module, module.where(node)[0]) for module, node in nodes}
    return list(find_unhandled(training, Names(CATALOGUE), bool(plan.edits), seen, lines))


def _report(training: Training, plan: Plan, sources: SourceStore, selection: Selection) -> ProgramReport | None:
    problems = [problem for path, problem in training.program.problems.items() if sources.is_given(path)]
    texts: dict[Module, str] = {}
    try:
        texts = {module: apply(module.source.text, edits) for module, edits in plan.edits.items()}
        for module, edits in plan.edits.items():
            guard.check(module, texts[module], edits)
    except (Conflict, Uncomposable) as problem:
        texts = {}
        problems.append(Distrusted(training.program.entry.source.path, f"INTERNAL ERROR: {problem}"))
    except Distrusted as problem:
        texts = {}
        problems.append(problem)
    found = file_reports(plan, texts, selection.ignores, selection.takes_code, training.module_of)
    if not found and not problems and not sources.settings.roles:
        return None
    entries = (training.program.entry.source.path,) if texts else ()
    return ProgramReport(found, tuple(problems), entries, _roles(training, sources))


def _roles(training: Training, sources: SourceStore) -> str:
    if not sources.settings.roles:
        return ""
    return "\n\n".join(part for part in (explain(training.before), explain_components(training)) if part)


# ---------------------------------------------------------------- what programs that share files compare


def _placed(module: Module, edits: Sequence[Edit]) -> Iterator[Placed]:
    """Give each edit with the function of the module that it is in."""
    functions = _numbers(module)
    definitions: list[s.FunctionDef | s.ClassDef] = [*functions, *module.nodes(s.ClassDef)]
    around = sorted(((module.span(node), node) for node in definitions), key=lambda found: found[0].start)
    for edit in edits:
        holders = [node for span, node in around if span.holds(edit.span)]
        inner = [functions[node] for node in holders if isinstance(node, s.FunctionDef)]
        yield Placed(edit, inner[-1] if inner else MODULE, holders[0].name if holders else None)


def _runs(training: Training) -> dict[str, frozenset[int]]:
    """The functions that a program runs or passes to code that was not read, by module."""
    executed = {*training.after.trace.frames, *training.after.trace.unseen}
    return {
        path_of(module): frozenset({MODULE, *(number for node, number in _numbers(module).items() if node in executed)})
        for module in training.modules
    }


def _numbers(module: Module) -> dict[s.FunctionDef, int]:
    """The functions of a module, numbered; programs that have each parsed the module agree on these numbers."""
    return {node: number for number, node in enumerate(module.nodes(s.FunctionDef))}
