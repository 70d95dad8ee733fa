"""One page: paths -> modules -> programs -> roles -> training -> changes -> plan -> rewrite -> report."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from migrator import guard, pool
from migrator.config import Settings
from migrator.errors import Distrusted, FileProblem, Unreadable
from migrator.plan import Plan, settle
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.roles.explain import explain
from migrator.roles.program import Program
from migrator.rules import CATALOGUE
from migrator.rules.change import Change
from migrator.rules.residue import sweep
from migrator.source import files
from migrator.source.block import Uncomposable
from migrator.source.edit import Conflict, apply
from migrator.source.ignore import Ignores
from migrator.source.module import Module
from migrator.source.text import Source, make_source, read_source
from migrator.training.entry import entries, imported_stems, is_script, stem_of
from migrator.training.framework import framework_of, may_be_driven
from migrator.training.training import Training

# What a shelf keeps parsed from program to program: characters (each takes some 300 bytes when parsed) and modules.
_KEPT = 300_000
_MODULES = 60


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


# ---------------------------------------------------------------- reading


@dataclass(slots=True)
class Shelf:
    """The given files, and those that they import, each read and parsed once."""

    settings: Settings
    data: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # normalised path -> as the user wrote it
    sources: dict[str, Source] = field(default_factory=dict)
    parsed: dict[str, Module] = field(default_factory=dict)
    problems: dict[str, FileProblem] = field(default_factory=dict)
    peeked: dict[str, bytes] = field(default_factory=dict)

    def take(self, path: str) -> None:
        """Read a given file."""
        try:
            self.put(path, files.read(path))
        except FileProblem as problem:
            self.problems[path] = problem

    def put(self, path: str, data: bytes) -> None:
        """Keep a given file's bytes."""
        key = os.path.normpath(path)
        self.data[key] = data
        self.names[key] = path

    def read(self, path: str) -> Source | None:
        """Give a file's text, whether it was given or is imported; None where there is no such file."""
        if path not in self.sources:
            data = self.data.get(path)
            if data is None:
                if not os.path.isfile(path):
                    return None
                data = files.read(path)
            self.sources[path] = read_source(self.names.get(path, path), data)
        return self.sources[path]

    def user_of(self, module: Module, name: str, training: Training) -> str | None:
        """Give a file outside a program that uses a name of one of its modules; None where there is none."""
        inside = {os.path.normpath(x.source.path) for x in training.modules}
        stem = stem_of(module.source.path)
        for path in self._neighbours(os.path.dirname(os.path.normpath(module.source.path))):
            if path not in inside:
                data = self.data[path] if path in self.data else self._peek(path)
                if name.encode() in data and stem in imported_stems(data):
                    return self.names.get(path, path)
        return None

    def tidy(self) -> None:
        """Forget what was parsed, once it is much; a program's trees are full of cycles, which only a collection frees."""
        if sum(len(module.source.text) for module in self.parsed.values()) > _KEPT or len(self.parsed) > _MODULES:
            self.parsed.clear()
            gc.collect()

    def _neighbours(self, folder: str) -> list[str]:
        """The given files, and the Python files beside a module and one folder above it."""
        found = dict.fromkeys(self.data)
        for place in dict.fromkeys((folder or ".", os.path.dirname(folder) or ".")):
            if os.path.isdir(place):
                names = sorted(name for name in os.listdir(place) if name.endswith(".py"))
                found.update(dict.fromkeys(os.path.normpath(os.path.join(place, name)) for name in names))
        return list(found)

    def _peek(self, path: str) -> bytes:
        if path not in self.peeked:
            try:
                self.peeked[path] = files.read(path)
            except FileProblem:
                self.peeked[path] = b""  # whoever migrates that file hears why it cannot be read
        return self.peeked[path]

    def module(self, path: str) -> Module:
        """Parse a given file.

        Raises:  FileProblem
        """
        if path not in self.parsed:
            source = self.read(path)
            if source is None:
                raise Unreadable(path, "cannot be found")
            self.parsed[path] = Module(source)
        return self.parsed[path]


def _run(shelf: Shelf, progress: Callable[[int], None]) -> Iterator[ProgramReport]:
    for problem in shelf.problems.values():
        yield ProgramReport((), (problem,))
    reached: set[str] = set()
    told: set[str] = set()  # the files whose problems were told: each program that imports them meets these again
    for report, modules in _programs(shelf, reached):
        reached |= modules
        if report is not None:
            new = replace(report, problems=tuple(problem for problem in report.problems if problem.path not in told))
            told.update(problem.path for problem in new.problems if not isinstance(problem, Distrusted))
            if new.files or new.problems or new.roles:
                yield new
    yield from _driven(shelf, reached)
    progress(len(shelf.data))


def _programs(shelf: Shelf, reached: set[str]) -> Iterator[tuple[ProgramReport | None, set[str]]]:
    """Migrate the scripts, then the libraries that none of them has reached."""
    scripts, libraries = entries(shelf.data)
    size = sum(len(shelf.data[path]) for path in scripts)
    done = pool.spread(scripts, lambda path: _program(path, shelf), min(pool.cores(), size // pool.REPAYS))
    for path, (report, modules) in zip(scripts, done, strict=True):
        if path not in reached or is_script(shelf.data[path]):
            yield report, modules
    for path in libraries:
        if path not in reached:
            yield _program(path, shelf)


def _program(path: str, shelf: Shelf) -> tuple[ProgramReport | None, set[str]]:
    """Migrate the program that starts in a file; give its report and the files that it reached."""
    try:
        entry = shelf.module(path)
    except FileProblem as problem:
        return ProgramReport((), (problem,)), set()
    report, modules = migrate(entry, shelf)
    shelf.tidy()
    return report, {os.path.normpath(module.source.path) for module in modules}


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


def migrate(entry: Module, shelf: Shelf) -> tuple[ProgramReport | None, set[Module]]:
    """Migrate the program that starts in a module; give its report and the modules that it reached."""
    training = Training(Program(entry, shelf.read, shelf.parsed))
    reached = set(training.modules)
    if not _trains(training):
        return None, reached
    if shelf.settings.wants("MIG004"):
        for module in training.trained_in:
            item = _framework_item(module)
            if item is not None:
                return ProgramReport((FileReport(module.source, (item,)),)), reached
    ignores = _ignores(training, shelf)
    plan = _plan(training, shelf, ignores)
    plan.advice += _residue(training, plan)
    return _report(training, plan, shelf, ignores), reached


def _trains(training: Training) -> bool:
    return training.is_training or training.is_distributed or bool(training.handed_over)


def _ignores(training: Training, shelf: Shelf) -> dict[Module, Ignores]:
    """What the comments in a program's given files leave out."""
    given = {module for module in training.modules if os.path.normpath(module.source.path) in shelf.data}
    return {module: Ignores(module) for module in given}


def _plan(training: Training, shelf: Shelf, ignores: dict[Module, Ignores]) -> Plan:
    """Ask every rule, and settle what is done."""
    settings = shelf.settings
    changes = [change for rule in CATALOGUE for change in rule.check(training)]

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
        lambda module, name: shelf.user_of(module, name, training),
    )


def _residue(training: Training, plan: Plan) -> list[Change]:
    """What is left over when every rule has spoken."""
    seen = {node for change in plan.accepted for node in (change.node, *change.alike)} if plan.edits else set()
    spoken = [*plan.advice, *(x.change for x in plan.withheld)]
    nodes = [(training.module_of(node), node) for change in spoken for node in (change.node, *change.alike)]
    return list(sweep(training, seen, {(module, module.where(node)[0]) for module, node in nodes}))


def _report(training: Training, plan: Plan, shelf: Shelf, ignores: dict[Module, Ignores]) -> ProgramReport | None:
    texts: dict[Module, str] = {}
    problems = [problem for path, problem in training.program.problems.items() if path in shelf.data]
    try:
        texts = {module: apply(module.source.text, edits) for module, edits in plan.edits.items()}
        results = {module: guard.check(module, texts[module], edits) for module, edits in plan.edits.items()}
        if results and _changes_again(training.program.entry, results, shelf):
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
    entry = training.program.entry.source.path if texts else None
    return ProgramReport(found, tuple(problems), entry, _roles(training, shelf))


def _roles(training: Training, shelf: Shelf) -> str:
    return explain(training.raw) if shelf.settings.roles else ""


def _changes_again(entry: Module, results: dict[Module, Module], shelf: Shelf) -> bool:
    """Whether migrating the results once more, with the gate open, would change them.

    Args:    results: what has become of each changed module.
    """
    second = Shelf(shelf.settings, dict(shelf.data), dict(shelf.names))
    second.parsed = {path: results.get(module, module) for path, module in shelf.parsed.items()}
    for module in results.values():
        second.data[os.path.normpath(module.source.path)] = module.source.encode(module.source.text)
    training = Training(Program(results.get(entry, entry), second.read, second.parsed))
    return _trains(training) and bool(_plan(training, second, _ignores(training, second)).edits)


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
