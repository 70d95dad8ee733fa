"""One page: paths -> programs -> what an earlier run has found out, or a migration -> reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from migrator.cache.memory import Memory
from migrator.cache.record import PROPOSAL, TEXT
from migrator.cache.store import Store
from migrator.config import Settings
from migrator.joint import allied, joined, once
from migrator.proposal import Proposal
from migrator.report.report import FileReport, ProgramReport
from migrator.shelf import Shelf
from migrator.source.edit import Edit
from migrator.source.text import make_source
from migrator.training.entry import entries, is_script, may_be_driven


def run(
    paths: Sequence[str],
    settings: Settings,
    progress: Callable[[int], None] = lambda done: None,
    store: Store | None = None,
    others: Sequence[str] = (),
) -> Iterator[ProgramReport]:
    """Migrate the programs that the files make up; reads, never writes.

    Args:    paths: Python files, each as the user would write it. progress: called with the number of files done.
             store: where answers are kept from run to run. others: given files that matter only where a program reaches them.
    Returns: one report a program, in the order of the paths.
    """
    shelf = Shelf(settings)
    for path in paths:
        shelf.take(path)
    for path in others:
        shelf.permit(path)
    yield from _run(shelf, Memory(store, shelf), progress)


def run_text(text: str, path: str, settings: Settings) -> ProgramReport:
    """Migrate one file given as text (standard input, an editor's buffer)."""
    shelf = Shelf(settings)
    shelf.put(path, text.encode())
    shelf.sources[os.path.normpath(path)] = make_source(path, text)
    reports = list(_run(shelf, Memory(None, shelf), lambda done: None))
    return reports[0] if reports else ProgramReport((FileReport(shelf.sources[os.path.normpath(path)]),))


def _run(shelf: Shelf, memory: Memory, progress: Callable[[int], None]) -> Iterator[ProgramReport]:
    for problem in shelf.problems.values():
        yield ProgramReport((), (problem,))
    proposals = _programs(shelf, memory)
    yield from once(joined(proposals, lambda path, edits: _sound(path, edits, shelf, memory)))
    yield from _driven(shelf, memory, {path for proposal in proposals for path in proposal.modules})
    progress(len(shelf.data))


def _programs(shelf: Shelf, memory: Memory) -> list[Proposal]:
    """Migrate the scripts, then the libraries that none of them has reached."""
    scripts, libraries = entries(shelf.data, shelf.peek)
    reached: set[str] = set()
    proposals: list[Proposal] = []
    for path, proposal in zip(scripts, _proposals(scripts, shelf, memory), strict=True):
        if path not in reached or is_script(shelf.data[path]):
            reached |= proposal.modules
            proposals.append(proposal)
    for path in libraries:
        if path not in reached:
            proposals += _proposals([path], shelf, memory)
            reached |= proposals[-1].modules

    def again(group: Sequence[int], allies: frozenset[str]) -> list[Proposal]:
        known = {index: proposals[index].with_allies(allies) for index in group}
        new = [index for index in group if known[index] is None]
        paths = [os.path.normpath(proposals[index].entry) for index in new]
        known.update(zip(new, _proposals(paths, shelf, memory, allies), strict=True))
        return [proposal for proposal in known.values() if proposal is not None]

    return allied(proposals, again)


def _proposals(
    paths: Sequence[str], shelf: Shelf, memory: Memory, allies: frozenset[str] = frozenset()
) -> list[Proposal]:
    """Give what the programs want that start in some files: remembered, or found out on as many cores as that repays.

    Args:    allies: files that change together with them.
    """
    more = sorted(allies)
    known = {path: memory.known(PROPOSAL, "program", path, *more) for path in paths}
    new = [path for path in paths if known[path] is None]
    if new:
        from migrator import migration, pool  # not before it is known that there is anything to do

        def work(path: str) -> Proposal:
            return memory.made(PROPOSAL, lambda: migration.program(path, shelf, allies), "program", path, *more)

        size = sum(len(shelf.data[path]) for path in new)
        known.update(zip(new, pool.spread(new, work, min(pool.cores(), size // pool.REPAYS)), strict=True))
    return [proposal for proposal in known.values() if proposal is not None]


def _sound(path: str, edits: Sequence[Edit], shelf: Shelf, memory: Memory) -> str:
    """Apply what several programs want of a file.

    Raises:  Distrusted
    """
    question = ("sound", path, repr(edits))
    known = memory.known(TEXT, *question)
    if known is not None:
        return known
    from migrator import migration

    return memory.made(TEXT, lambda: migration.sound(path, edits, shelf), *question)


def _driven(shelf: Shelf, memory: Memory, reached: set[str]) -> Iterator[ProgramReport]:
    """Files without a training step of their own that hand their training to a framework."""
    for path, data in shelf.data.items():
        if may_be_driven(data) and path not in reached:
            report = _framework(path, shelf, memory).report
            if report is not None:
                yield report


def _framework(path: str, shelf: Shelf, memory: Memory) -> Proposal:
    """Say to which framework a file hands its training, if it does."""
    known = memory.known(PROPOSAL, "driven", path)
    if known is not None:
        return known
    from migrator import migration

    return memory.made(PROPOSAL, lambda: migration.driven(path, shelf), "driven", path)
