"""The pipeline: paths -> programs -> a cached result, or a migration -> reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from migrator.config import Settings
from migrator.errors import FileProblem
from migrator.project.cache.cache import Cache
from migrator.project.cache.disk_cache import DiskCache
from migrator.project.cache.record import PROPOSAL, TEXT
from migrator.project.entries import entries, is_script, may_be_driven
from migrator.project.proposal import Proposal
from migrator.project.shadow import refuse_shadows
from migrator.project.shared_files import merge_shared, migrate_together, report_once
from migrator.project.sources import SourceStore
from migrator.report.report import FileReport, ProgramReport
from migrator.source.edit import Edit
from migrator.source.text import make_source, read_source

_NOTHING: Mapping[str, Proposal | None] = MappingProxyType({})


def run(
    paths: Sequence[str],
    settings: Settings,
    progress: Callable[[int], None] = lambda done: None,
    disk_cache: DiskCache | None = None,
    others: Sequence[str] = (),
) -> Iterator[ProgramReport]:
    """Migrate the programs that the files make up; reads, never writes.

    Args:    paths: Python files, each as the user would write it. progress: called with the number of files done.
             disk_cache: where answers are kept from run to run. others: given files that matter only where a program
             reaches them.
    Returns: one report a program, in the order of the paths.
    """
    sources = SourceStore(settings)
    for path in paths:
        sources.take(path)
    for path in others:
        sources.permit(path)
    yield from _run(sources, Cache(disk_cache, sources), progress)


def run_text(text: str, path: str, settings: Settings) -> ProgramReport:
    """Migrate one file given as text (standard input, an editor's buffer)."""
    sources = SourceStore(settings)
    sources.put(path, text.encode())
    sources.texts[os.path.normpath(path)] = make_source(path, text)
    reports = list(_run(sources, Cache(None, sources), lambda done: None))
    return reports[0] if reports else ProgramReport((FileReport(sources.texts[os.path.normpath(path)]),))


def _tells(report: ProgramReport) -> bool:
    """Whether a report is not empty; empty ones are dropped at once, so that memory does not grow."""
    changes = any(file.items or file.text is not None for file in report.files)
    return bool(changes or report.problems or report.roles)


def analyse(
    paths: Sequence[str],
    settings: Settings,
    progress: Callable[[int], None] = lambda done: None,
    disk_cache: DiskCache | None = None,
    others: Sequence[str] = (),
) -> list[ProgramReport]:
    """Migrate files in memory: all of them, before anything is printed or written.

    Args:    disk_cache: where answers are kept from run to run. others: given files that matter only where a program
             reaches them.
    Raises:  UsageError where a changed script would import another `runtime` than ours.
    """
    reports = [report for report in run(paths, settings, progress, disk_cache, others) if _tells(report)]
    refuse_shadows(reports, settings.target)
    return reports


def analyse_text(data: bytes, path: str, settings: Settings) -> list[ProgramReport]:
    """Migrate a file that is not on disk; its report knows the encoding of ``data``.

    Raises:  UsageError where the script would import another `runtime` than ours.
    """
    try:
        source = read_source(path, data)
    except FileProblem as problem:
        return [ProgramReport((), (problem,))]
    report = run_text(source.text, path, settings)
    reports = [replace(report, files=tuple(replace(file, source=source) for file in report.files))]
    refuse_shadows(reports, settings.target)
    return reports


def _run(sources: SourceStore, cache: Cache, progress: Callable[[int], None]) -> Iterator[ProgramReport]:
    for problem in sources.problems.values():
        yield ProgramReport((), (problem,))
    proposals = _programs(sources, cache)
    yield from report_once(merge_shared(proposals, lambda path, edits: _sound(path, edits, sources, cache)))
    yield from _driven(sources, cache, {path for proposal in proposals for path in proposal.modules})
    progress(len(sources.data))


def _programs(sources: SourceStore, cache: Cache) -> list[Proposal]:
    """Migrate the scripts, then the libraries that none of them imports."""
    scripts, libraries = entries(sources.data, sources.peek)
    reached: set[str] = set()
    proposals: list[Proposal] = []
    for path, proposal in zip(scripts, _proposals(scripts, sources, cache), strict=True):
        if path not in reached or is_script(sources.data[path]):
            reached |= proposal.modules
            proposals.append(proposal)
    for path in libraries:
        if path not in reached:
            proposals += _proposals([path], sources, cache)
            reached |= proposals[-1].modules

    def again(group: Sequence[int], migrated_together: frozenset[str]) -> list[Proposal]:
        made = {os.path.normpath(proposals[index].entry): proposals[index] for index in group}
        known = {path: proposal.where_together(migrated_together) for path, proposal in made.items()}
        return _proposals(list(made), sources, cache, migrated_together, known)

    return migrate_together(proposals, again)


def _proposals(
    paths: Sequence[str],
    sources: SourceStore,
    cache: Cache,
    migrated_together: frozenset[str] = frozenset(),
    given: Mapping[str, Proposal | None] = _NOTHING,
) -> list[Proposal]:
    """Give the proposals of the programs that start in some files: from the cache, or computed on several cores.

    Args:    migrated_together: files that change together with them. given: what is known already.
    """
    more = sorted(migrated_together)
    known = {path: given.get(path) or cache.known(PROPOSAL, "program", path, *more) for path in paths}
    # what is kept has not been migrated a second time
    new = [path for path, found in known.items() if found is None or (found.edits and not sources.settings.preview)]
    if new:
        from migrator.project import pool, program, stability  # not before it is known that there is anything to do

        def work(path: str) -> Proposal:
            made = known[path] or cache.made(
                PROPOSAL, lambda: program.program(path, sources, migrated_together), "program", path, *more
            )
            return made if sources.settings.preview else stability.checked_twice(path, made, sources, migrated_together)

        size = sum(len(sources.data[path]) for path in new)
        known.update(zip(new, pool.spread(new, work, min(pool.cores(), size // pool.REPAYS)), strict=True))
    return [proposal for proposal in known.values() if proposal is not None]


def _sound(path: str, edits: Sequence[Edit], sources: SourceStore, cache: Cache) -> str:
    """Apply the edits of several programs to a file.

    Raises:  Distrusted
    """
    question = ("sound", path, repr(edits))
    known = cache.known(TEXT, *question)
    if known is not None:
        return known
    from migrator.project import program

    return cache.made(TEXT, lambda: program.sound(path, edits, sources), *question)


def _driven(sources: SourceStore, cache: Cache, reached: set[str]) -> Iterator[ProgramReport]:
    """Files without a training step that train through a framework."""
    for path, data in sources.data.items():
        if may_be_driven(data) and path not in reached:
            report = _framework(path, sources, cache).report
            if report is not None:
                yield report


def _framework(path: str, sources: SourceStore, cache: Cache) -> Proposal:
    """Report the framework through which a file trains, if any."""
    known = cache.known(PROPOSAL, "driven", path)
    if known is not None:
        return known
    from migrator.project import program

    return cache.made(PROPOSAL, lambda: program.driven(path, sources), "driven", path)
