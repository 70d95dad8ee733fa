"""One program: roles -> training -> changes -> plan -> edits and findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from traceback import extract_tb

from migrator.errors import Distrusted, FileProblem
from migrator.inference.explain import explain
from migrator.inference.program import Program
from migrator.plan import guard
from migrator.plan.settlement import Plan, settle
from migrator.project.proposal import MODULE, Placed, Proposal
from migrator.project.sources import ExternalUsers, SourceStore, path_of
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.rules.catalogue import CATALOGUE
from migrator.rules.change import Change, short
from migrator.rules.engine import import_by_name, imports_by_name
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.rules.unhandled import find_unhandled
from migrator.source import syntax as s
from migrator.source.block import Replace, Uncomposable
from migrator.source.edit import Conflict, Edit, apply
from migrator.source.ignore import Ignores
from migrator.source.module import Module
from migrator.training.explain import explain_components
from migrator.training.framework import framework_of
from migrator.training.training import Training

_EDITING = tuple(rule for rule in CATALOGUE if rule.effect in (Effect.EDITS, Effect.EDITS_WITH_UNSAFE))


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
        return Proposal(entry, ProgramReport((), (_mistake(path, error),)))
    sources.tidy(proposal.modules)
    return proposal


def _mistake(path: str, error: Exception) -> Distrusted:
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
    training = Training(Program(entry, sources.read, sources.parsed, sources.find, sources.settings.makes))
    proposal = Proposal(entry.source.path, None, frozenset(map(path_of, training.modules)))
    if not _trains(training):
        return replace(proposal, report=_started_by_name(training, sources))
    if sources.settings.wants("MIG004"):
        for module in training.trained_in:
            item = _framework_item(module)
            if item is not None:
                return replace(proposal, report=_told(item, module, training, sources))
    ignores = _ignores(training, sources)
    external_users = ExternalUsers(sources, training, migrated_together)
    plan = _plan(training, sources, ignores, external_users)
    plan.advice += _unhandled(training, plan)
    report = _report(training, plan, sources, ignores, external_users)
    changed = report is not None and any(file.text is not None for file in report.files)
    return replace(
        proposal,
        report=report,
        edits={path_of(module): tuple(_placed(module, edits)) for module, edits in plan.edits.items()}
        if changed
        else {},
        runs=_runs(training),
        assumptions=frozenset(external_users.assumed),
        blocked_by=frozenset(external_users.found),
    )


def _started_by_name(training: Training, sources: SourceStore) -> ProgramReport | None:
    """Report where a program without a training loop imports code by a name that is only known at run time."""
    for module, call in imports_by_name(training) if sources.settings.wants("MIG919") else ():
        found = [path for path in sources.trainers_near(module) if path != path_of(module)]
        if found:
            item = _item(import_by_name(module, call, found), module, call, None, False)
            return _told(item, module, training, sources)
    return None


def _told(item: Item, module: Module, training: Training, sources: SourceStore) -> ProgramReport:
    """Report a finding in its module, or at the top of the script that imports it if the module was not given."""
    if sources.is_given(path_of(module)):
        return ProgramReport((FileReport(module.source, (item,)),))
    message = f"{item.message} (in {module.source.path}, which this imports)"
    item = replace(item, line=1, column=1, end_line=1, end_column=1, message=message)
    return ProgramReport((FileReport(training.program.entry.source, (item,)),))


def _trains(training: Training) -> bool:
    return training.is_training or training.is_distributed or bool(training.handed_over)


def _ignores(training: Training, sources: SourceStore) -> dict[Module, Ignores]:
    """The suppression comments of the files that may be changed: the given ones, and with `--follow` those they import."""
    follow = sources.settings.follow
    return {module: Ignores(module) for module in training.modules if follow or sources.is_given(path_of(module))}


def _plan(
    training: Training,
    sources: SourceStore,
    ignores: dict[Module, Ignores],
    external_users: ExternalUsers,
    rules: Sequence[Rule] = CATALOGUE,
) -> Plan:
    """Ask the rules, and decide which changes are made."""
    settings = sources.settings
    changes = [change for rule in rules for change in rule.check(training)]

    def wants(change: Change) -> bool:
        if not settings.wants(change.code):
            return False
        return change.module not in ignores or not ignores[change.module].covers(
            change.code, change.module, change.node
        )

    return settle(
        training,
        changes,
        wants,
        {module for module in ignores if not ignores[module].whole},
        settings.target,
        settings.unsafe,
        external_users,
    )


def _unhandled(training: Training, plan: Plan) -> list[Change]:
    """Report what no rule changes or reports."""
    accepted = plan.accepted if plan.edits else []
    seen = {node for change in accepted for node in (change.node, *change.alike)}
    steps = [step for change in accepted for step in change.steps]
    replaced = [(step.module, step.operation.span) for step in steps if isinstance(step.operation, Replace)]
    spoken = [*plan.advice, *(x.change for x in plan.withheld)]
    nodes = [(training.module_of(node), node) for change in spoken for node in (change.node, *change.alike)]
    return list(find_unhandled(training, seen, replaced, {(module, module.where(node)[0]) for module, node in nodes}))


def _report(
    training: Training, plan: Plan, sources: SourceStore, ignores: dict[Module, Ignores], external_users: ExternalUsers
) -> ProgramReport | None:
    texts: dict[Module, str] = {}
    problems = [problem for path, problem in training.program.problems.items() if sources.is_given(path)]
    try:
        texts = {module: apply(module.source.text, edits) for module, edits in plan.edits.items()}
        results = {module: guard.check(module, texts[module], edits) for module, edits in plan.edits.items()}
        if results and _changes_again(training.program.entry, results, sources, external_users.migrated_together):
            raise Distrusted(
                training.program.entry.source.path,
                "INTERNAL ERROR: a second run would change the result again; please report this file",
            )
    except (Distrusted, Conflict, Uncomposable) as problem:
        failed = (
            problem
            if isinstance(problem, FileProblem)
            else Distrusted(training.program.entry.source.path, f"INTERNAL ERROR: {problem}")
        )
        problems.append(failed)
        texts = {}
    found = _files(training, plan, texts, ignores, sources.settings.wants)
    if not found and not problems and not sources.settings.roles:
        return None
    entries = (training.program.entry.source.path,) if texts else ()
    return ProgramReport(found, tuple(problems), entries, _roles(training, sources))


def _roles(training: Training, sources: SourceStore) -> str:
    if not sources.settings.roles:
        return ""
    return "\n\n".join(part for part in (explain(training.before), explain_components(training)) if part)


def _changes_again(
    entry: Module, results: dict[Module, Module], sources: SourceStore, migrated_together: frozenset[str]
) -> bool:
    """Whether migrating the results once more, without MIG004, would change them.

    Args:    results: each changed module, as the guard has read it.
    """
    second = sources.second(results)
    training = Training(
        Program(results.get(entry, entry), second.read, second.parsed, second.find, second.settings.makes)
    )
    if not _trains(training):
        return False
    ignores = _ignores(training, second)
    external_users = ExternalUsers(second, training, migrated_together)
    # the rules that only report may block the program; they are asked only if there would be edits
    return all(_plan(training, second, ignores, external_users, rules).edits for rules in (_EDITING, CATALOGUE))


def _files(
    training: Training,
    plan: Plan,
    texts: dict[Module, str],
    ignores: dict[Module, Ignores],
    wants: Callable[[str], bool],
) -> tuple[FileReport, ...]:
    items: dict[Module, dict[Item, None]] = {}
    applied = bool(texts)

    def add(change: Change, reason: str | None = None, waits: bool = False) -> None:
        for node in (change.node, *change.alike):
            module = training.module_of(node)
            if module in ignores and reason is not None and ignores[module].covers(change.code, module, node):
                continue
            item = _item(change, module, node, reason, applied)
            items.setdefault(module, {})[replace(item, waits=waits)] = None

    for change in plan.accepted:
        add(change)
    for withheld in plan.withheld:
        add(withheld.change, withheld.reason, withheld.waits)
    refused = any(advice.blocks for advice in plan.advice)
    for advice in plan.advice:
        if advice.blocks or wants(advice.code):  # a blocking finding is reported even if its code is not selected
            add(advice, advice.reason, advice.waits or (refused and advice.level is Level.NOTE))
    modules = dict.fromkeys([*items, *texts])
    return tuple(
        FileReport(module.source, tuple(sorted(items.get(module, {}))), texts.get(module)) for module in modules
    )


def _message(change: Change, module: Module, node: object) -> str:
    """Give the message of a change at one of its sites: where it quotes the text of the first, with that of this one."""
    if node is change.node:
        return change.message
    return change.message.replace(f"`{short(change.module.text(change.node))}`", f"`{short(module.text(node))}`", 1)


def _item(change: Change, module: Module, node: object, reason: str | None, applied: bool) -> Item:
    span = module.span(node)
    line, column = module.source.where(span.start)
    end_line, end_column = module.source.where(max(span.start, span.end - 1))
    done = reason is None and applied
    level = change.level if done or change.is_advice else Level.REVIEW
    return Item(
        line,
        column,
        change.code,
        _message(change, module, node),
        level,
        end_line,
        end_column + 1,
        reason or change.reason,
        change.help,
        done,
    )


def _framework_item(module: Module) -> Item | None:
    found = framework_of(module)
    if found is None:
        return None
    node, name = found
    line, column = module.where(node)
    message = f"Not changed: this code already trains through {name}"
    return Item(
        line,
        column,
        "MIG004",
        message,
        Level.NOTE,
        line,
        column,
        help="`--ignore MIG004` migrates the rest of a partly migrated file",
    )


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
    executed = {*training.after.log.frames, *training.after.log.unseen}
    return {
        path_of(module): frozenset({MODULE, *(number for node, number in _numbers(module).items() if node in executed)})
        for module in training.modules
    }


def _numbers(module: Module) -> dict[s.FunctionDef, int]:
    """The functions of a module, numbered; programs that have each parsed the module agree on these numbers."""
    return {node: number for number, node in enumerate(module.nodes(s.FunctionDef))}
