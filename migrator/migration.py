"""One program: roles -> training -> changes -> plan -> rewrite -> what it wants, and what it has to say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from traceback import extract_tb

from migrator import guard
from migrator.errors import Distrusted, FileProblem
from migrator.plan import Plan, settle
from migrator.proposal import MODULE, Placed, Proposal
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.roles.explain import explain
from migrator.roles.program import Program
from migrator.rules import CATALOGUE
from migrator.rules.change import Change
from migrator.rules.engine import import_by_name, imports_by_name
from migrator.rules.residue import sweep
from migrator.rules.rule import Rule, Safety
from migrator.shelf import Outsiders, Shelf, path_of
from migrator.source import syntax as s
from migrator.source.block import Uncomposable
from migrator.source.edit import Conflict, Edit, apply
from migrator.source.ignore import Ignores
from migrator.source.module import Module
from migrator.training.cast import explain_cast
from migrator.training.framework import framework_of
from migrator.training.training import Training

_EDITING = tuple(rule for rule in CATALOGUE if rule.safety is not Safety.REVIEW)


def program(path: str, shelf: Shelf, allies: frozenset[str] = frozenset()) -> Proposal:
    """Migrate the program that starts in a file.

    Args:    allies: files that change together with it.
    """
    entry = shelf.names[path]
    try:
        proposal = migrate(shelf.module(path), shelf, allies)
    except FileProblem as problem:
        return Proposal(entry, ProgramReport((), (problem,)))
    except Exception as error:  # a mistake of ours about one program; the others are still done
        return Proposal(entry, ProgramReport((), (_mistake(path, error),)))
    shelf.tidy(path, proposal.modules)
    return proposal


def _mistake(path: str, error: Exception) -> Distrusted:
    """Tell of an error that we should not have made, with its place in our code."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Distrusted(path, f"INTERNAL ERROR: {text} ({where}); the file is left alone, please report it")


def driven(path: str, shelf: Shelf) -> Proposal:
    """Say of a given file that trains nothing itself which framework it hands its training to."""
    entry = shelf.names[path]
    try:
        module = shelf.module(path)
        item = _framework_item(module)
    except FileProblem as problem:
        return Proposal(entry, ProgramReport((), (problem,)))
    return Proposal(entry, None if item is None else ProgramReport((FileReport(module.source, (item,)),)))


def sound(path: str, edits: Sequence[Edit], shelf: Shelf) -> str:
    """Apply edits, and insist that the result is sound.

    Raises:  Distrusted
    """
    module = shelf.module(path)
    try:
        text = apply(module.source.text, edits)
    except Conflict as problem:
        raise Distrusted(module.source.path, f"INTERNAL ERROR: {problem}") from problem
    guard.check(module, text, edits)
    return text


# ---------------------------------------------------------------- one program


def migrate(entry: Module, shelf: Shelf, allies: frozenset[str] = frozenset()) -> Proposal:
    """Migrate the program that starts in a module.

    Args:    allies: files that change together with it, should they use what it changes.
    """
    training = Training(Program(entry, shelf.read, shelf.parsed, shelf.find, shelf.settings.makes))
    proposal = Proposal(entry.source.path, None, frozenset(map(path_of, training.modules)))
    if not _trains(training):
        return replace(proposal, report=_started_by_name(training, shelf))
    if shelf.settings.wants("MIG004"):
        for module in training.trained_in:
            item = _framework_item(module)
            if item is not None:
                return replace(proposal, report=_told(item, module, training, shelf))
    outsiders = Outsiders(shelf, training, allies)
    proposal = _propose(training, shelf, outsiders)
    if outsiders.found and not allies:
        everybody = Outsiders(shelf, training, frozenset(outsiders.users))
        return replace(proposal, together=_propose(training, shelf, everybody))
    return proposal


def _propose(training: Training, shelf: Shelf, outsiders: Outsiders) -> Proposal:
    """Say what a program wants that trains."""
    ignores = _ignores(training, shelf)
    plan = _plan(training, shelf, ignores, outsiders)
    plan.advice += _residue(training, plan)
    report = _report(training, plan, shelf, ignores, outsiders)
    changed = report is not None and any(file.text is not None for file in report.files)
    return Proposal(
        training.program.entry.source.path,
        report,
        frozenset(map(path_of, training.modules)),
        edits={path_of(module): tuple(_placed(module, edits)) for module, edits in plan.edits.items()}
        if changed
        else {},
        runs=_runs(training),
        excuses=frozenset(outsiders.excused),
        hindered_by=frozenset(outsiders.found),
        allies=outsiders.allies,
    )


def _started_by_name(training: Training, shelf: Shelf) -> ProgramReport | None:
    """Say of a program that trains nothing itself where it imports what may train by a name that nobody can see."""
    for module, call in imports_by_name(training) if shelf.settings.wants("MIG919") else ():
        found = [path for path in shelf.trainers_near(module) if path != path_of(module)]
        if found:
            item = _item(import_by_name(module, call, found), module, call, None, False)
            return _told(item, module, training, shelf)
    return None


def _told(item: Item, module: Module, training: Training, shelf: Shelf) -> ProgramReport:
    """Report what was found in a module; where that was not given, at the top of the script that imports it."""
    if shelf.is_given(path_of(module)):
        return ProgramReport((FileReport(module.source, (item,)),))
    message = f"{item.message} (in {module.source.path}, which this imports)"
    item = replace(item, line=1, column=1, end_line=1, end_column=1, message=message)
    return ProgramReport((FileReport(training.program.entry.source, (item,)),))


def _trains(training: Training) -> bool:
    return training.is_training or training.is_distributed or bool(training.handed_over)


def _ignores(training: Training, shelf: Shelf) -> dict[Module, Ignores]:
    """What the comments in the files that may be changed leave out: the given ones, and with `--follow` those they reach."""
    follow = shelf.settings.follow
    return {module: Ignores(module) for module in training.modules if follow or shelf.is_given(path_of(module))}


def _plan(
    training: Training,
    shelf: Shelf,
    ignores: dict[Module, Ignores],
    outsiders: Outsiders,
    rules: Sequence[Rule] = CATALOGUE,
) -> Plan:
    """Ask the rules, and settle what is done."""
    settings = shelf.settings
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
        outsiders,
    )


def _residue(training: Training, plan: Plan) -> list[Change]:
    """What is left over when every rule has spoken."""
    seen = {node for change in plan.accepted for node in (change.node, *change.alike)} if plan.edits else set()
    spoken = [*plan.advice, *(x.change for x in plan.withheld)]
    nodes = [(training.module_of(node), node) for change in spoken for node in (change.node, *change.alike)]
    return list(sweep(training, seen, {(module, module.where(node)[0]) for module, node in nodes}))


def _report(
    training: Training, plan: Plan, shelf: Shelf, ignores: dict[Module, Ignores], outsiders: Outsiders
) -> ProgramReport | None:
    texts: dict[Module, str] = {}
    problems = [problem for path, problem in training.program.problems.items() if shelf.is_given(path)]
    try:
        texts = {module: apply(module.source.text, edits) for module, edits in plan.edits.items()}
        results = {module: guard.check(module, texts[module], edits) for module, edits in plan.edits.items()}
        if results and _changes_again(training.program.entry, results, shelf, outsiders.allies):
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
    found = _files(training, plan, texts, ignores, shelf.settings.wants)
    if not found and not problems and not shelf.settings.roles:
        return None
    entries = (training.program.entry.source.path,) if texts else ()
    return ProgramReport(found, tuple(problems), entries, _roles(training, shelf))


def _roles(training: Training, shelf: Shelf) -> str:
    if not shelf.settings.roles:
        return ""
    return "\n\n".join(part for part in (explain(training.raw), explain_cast(training)) if part)


def _changes_again(entry: Module, results: dict[Module, Module], shelf: Shelf, allies: frozenset[str]) -> bool:
    """Whether migrating the results once more, with the gate open, would change them.

    Args:    results: what has become of each changed module, as the guard has read it.
    """
    second = shelf.second(results)
    training = Training(
        Program(results.get(entry, entry), second.read, second.parsed, second.find, second.settings.makes)
    )
    if not _trains(training):
        return False
    ignores = _ignores(training, second)
    outsiders = Outsiders(second, training, allies)
    # the rules that only report can keep a program from being changed, and are asked where it would be
    return all(_plan(training, second, ignores, outsiders, rules).edits for rules in (_EDITING, CATALOGUE))


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
        if advice.blocks or wants(advice.code):  # what stops the program is told whatever was selected
            add(advice, advice.reason, advice.waits or (refused and advice.level is Level.NOTE))
    modules = dict.fromkeys([*items, *texts])
    return tuple(
        FileReport(module.source, tuple(sorted(items.get(module, {}))), texts.get(module)) for module in modules
    )


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
        change.message,
        level,
        end_line,
        end_column + 1,
        reason or change.reason,
        change.recipe,
        done,
    )


def _framework_item(module: Module) -> Item | None:
    found = framework_of(module)
    if found is None:
        return None
    node, name = found
    line, column = module.where(node)
    message = f"Left alone: {name} drives this code already"
    return Item(
        line,
        column,
        "MIG004",
        message,
        Level.NOTE,
        line,
        column,
        recipe="`--ignore MIG004` finishes a file that was migrated in part",
    )


# ---------------------------------------------------------------- what other programs must know


def _placed(module: Module, edits: Sequence[Edit]) -> Iterator[Placed]:
    """Say of each edit in which function of a module it stands."""
    functions = _numbers(module)
    definitions: list[s.FunctionDef | s.ClassDef] = [*functions, *module.nodes(s.ClassDef)]
    around = sorted(((module.span(node), node) for node in definitions), key=lambda found: found[0].start)
    for edit in edits:
        holders = [node for span, node in around if span.holds(edit.span)]
        inner = [functions[node] for node in holders if isinstance(node, s.FunctionDef)]
        yield Placed(edit, inner[-1] if inner else MODULE, holders[0].name if holders else None)


def _runs(training: Training) -> dict[str, frozenset[int]]:
    """The functions that a program runs or hands to code that cannot be seen, by module."""
    executed = {*training.walk.log.frames, *training.walk.log.unseen}
    return {
        path_of(module): frozenset({MODULE, *(number for node, number in _numbers(module).items() if node in executed)})
        for module in training.modules
    }


def _numbers(module: Module) -> dict[s.FunctionDef, int]:
    """The functions of a module, counted; by number they are known to programs that have each parsed it for themselves."""
    return {node: number for number, node in enumerate(module.nodes(s.FunctionDef))}
