"""One page: paths -> modules -> programs -> roles -> training -> changes -> plan -> rewrite -> report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from traceback import extract_tb

from migrator import guard, pool
from migrator.config import Settings
from migrator.errors import Distrusted, FileProblem
from migrator.joint import allied, joined, once
from migrator.plan import Plan, settle
from migrator.proposal import Proposal, path_of, placed, runs
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.roles.explain import explain
from migrator.roles.program import Program
from migrator.rules import CATALOGUE
from migrator.rules.change import Change
from migrator.rules.residue import sweep
from migrator.rules.rule import Rule, Safety
from migrator.shelf import Outsiders, Shelf
from migrator.source.block import Uncomposable
from migrator.source.edit import Conflict, Edit, apply
from migrator.source.ignore import Ignores
from migrator.source.module import Module
from migrator.source.text import make_source
from migrator.training.cast import explain_cast
from migrator.training.entry import entries, is_script
from migrator.training.framework import framework_of, may_be_driven
from migrator.training.training import Training

_EDITING = tuple(rule for rule in CATALOGUE if rule.safety is not Safety.REVIEW)


def run(
    paths: Sequence[str], settings: Settings, progress: Callable[[int], None] = lambda done: None
) -> Iterator[ProgramReport]:
    """Migrate the programs that the files make up; reads, never writes.

    Args:    paths: Python files, each as the user would write it. progress: called with the number of files done.
    Returns: one report a program, in the order of the paths.
    """
    shelf = Shelf(settings)
    for path in paths:
        shelf.take(path)
    yield from _run(shelf, progress)


def run_text(text: str, path: str, settings: Settings) -> ProgramReport:
    """Migrate one file given as text (standard input, an editor's buffer)."""
    shelf = Shelf(settings)
    shelf.put(path, text.encode())
    shelf.sources[os.path.normpath(path)] = make_source(path, text)
    reports = list(_run(shelf, lambda done: None))
    return reports[0] if reports else ProgramReport((FileReport(shelf.sources[os.path.normpath(path)]),))


def _run(shelf: Shelf, progress: Callable[[int], None]) -> Iterator[ProgramReport]:
    for problem in shelf.problems.values():
        yield ProgramReport((), (problem,))
    proposals = _programs(shelf)
    yield from once(joined(proposals, lambda path, edits: _sound(shelf.module(path), edits)))
    yield from _driven(shelf, {path for proposal in proposals for path in proposal.modules})
    progress(len(shelf.data))


def _programs(shelf: Shelf) -> list[Proposal]:
    """Migrate the scripts, then the libraries that none of them has reached."""
    scripts, libraries = entries(shelf.data)
    size = sum(len(shelf.data[path]) for path in scripts)
    processes = min(pool.cores(), size // pool.REPAYS)
    done = pool.spread(scripts, lambda path: _program(path, shelf), processes)
    reached: set[str] = set()
    proposals: list[Proposal] = []
    for path, proposal in zip(scripts, done, strict=True):
        if path not in reached or is_script(shelf.data[path]):
            reached |= proposal.modules
            proposals.append(proposal)
    for path in libraries:
        if path not in reached:
            proposals.append(_program(path, shelf))
            reached |= proposals[-1].modules

    def again(group: Sequence[int], allies: frozenset[str]) -> list[Proposal]:
        paths = [os.path.normpath(proposals[index].entry) for index in group]
        return pool.spread(paths, lambda path: _program(path, shelf, allies), processes)

    return allied(proposals, again)


def _program(path: str, shelf: Shelf, allies: frozenset[str] = frozenset()) -> Proposal:
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
    shelf.tidy()
    return proposal


def _mistake(path: str, error: Exception) -> Distrusted:
    """Tell of an error that we should not have made, with its place in our code."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Distrusted(path, f"INTERNAL ERROR: {text} ({where}); the file is left alone, please report it")


def _driven(shelf: Shelf, reached: set[str]) -> Iterator[ProgramReport]:
    """Files without a training step of their own that hand their training to a framework."""
    for path, data in shelf.data.items():
        if may_be_driven(data) and path not in reached:
            try:
                item = _framework_item(shelf.module(path))
            except FileProblem as problem:
                yield ProgramReport((), (problem,))
                continue
            if item is not None:
                yield ProgramReport((FileReport(shelf.module(path).source, (item,)),))


# ---------------------------------------------------------------- one program


def migrate(entry: Module, shelf: Shelf, allies: frozenset[str] = frozenset()) -> Proposal:
    """Migrate the program that starts in a module.

    Args:    allies: files that change together with it, should they use what it changes.
    """
    training = Training(Program(entry, shelf.read, shelf.parsed))
    proposal = Proposal(entry.source.path, None, frozenset(map(path_of, training.modules)))
    if not _trains(training):
        return proposal
    if shelf.settings.wants("MIG004"):
        for module in training.trained_in:
            item = _framework_item(module)
            if item is not None and path_of(module) in shelf.data:
                return replace(proposal, report=ProgramReport((FileReport(module.source, (item,)),)))
            if item is not None:  # told where its reader is
                message = f"{item.message} (in {module.source.path}, which this imports)"
                item = replace(item, line=1, column=1, end_line=1, end_column=1, message=message)
                return replace(proposal, report=ProgramReport((FileReport(entry.source, (item,)),)))
    ignores = _ignores(training, shelf)
    outsiders = Outsiders(shelf, training, allies)
    plan = _plan(training, shelf, ignores, outsiders)
    plan.advice += _residue(training, plan)
    report = _report(training, plan, shelf, ignores, outsiders)
    changed = report is not None and any(file.text is not None for file in report.files)
    return replace(
        proposal,
        report=report,
        edits={path_of(module): tuple(placed(module, edits)) for module, edits in plan.edits.items()}
        if changed
        else {},
        runs=runs(training),
        excuses=frozenset(outsiders.excused),
        hindered_by=frozenset(outsiders.found),
    )


def _sound(module: Module, edits: Sequence[Edit]) -> str:
    """Apply edits, and insist that the result is sound.

    Raises:  Distrusted
    """
    try:
        text = apply(module.source.text, edits)
    except Conflict as problem:
        raise Distrusted(module.source.path, f"INTERNAL ERROR: {problem}") from problem
    guard.check(module, text, edits)
    return text


def _trains(training: Training) -> bool:
    return training.is_training or training.is_distributed or bool(training.handed_over)


def _ignores(training: Training, shelf: Shelf) -> dict[Module, Ignores]:
    """What the comments in the files that may be changed leave out: the given ones, and with `--follow` those they reach."""
    follow = shelf.settings.follow
    given = {module for module in training.modules if follow or path_of(module) in shelf.data}
    return {module: Ignores(module) for module in given}


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
    problems = [problem for path, problem in training.program.problems.items() if path in shelf.data]
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

    Args:    results: what has become of each changed module.
    """
    second = Shelf(shelf.settings, dict(shelf.data), dict(shelf.names))
    second.parsed = {path: results.get(module, module) for path, module in shelf.parsed.items()}
    for module in results.values():
        second.data[path_of(module)] = module.source.encode(module.source.text)
    training = Training(Program(results.get(entry, entry), second.read, second.parsed))
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
