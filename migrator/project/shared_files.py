"""Programs that share files: their edits of these files are merged, or none of the programs is changed.

    each program alone -> programs that block each other once more, as migrated_together -> one report for all that share files

For example, the functions of an engine that two scripts use may take an Accelerator only if both scripts pass it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from migrator.errors import Distrusted, FileProblem
from migrator.project.proposal import Disagreement, Placed, Proposal
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.source.edit import Edit

Again = Callable[[Sequence[int], frozenset[str]], "list[Proposal]"]
Guard = Callable[[str, Sequence[Edit]], str]


def migrate_together(proposals: Sequence[Proposal], again: Again) -> list[Proposal]:
    """Let programs that block each other change together.

    Args:    again: analyses programs (by number) once more, as migrated_together of everything in some files.
    Returns: the proposals, new ones where the programs of a group agree.
    """
    result = list(proposals)
    for group in _groups(len(proposals), _blocked_pairs(proposals)):
        files = frozenset[str]().union(*(proposals[index].modules for index in group))
        together = again(group, files)
        found = _find_disagreement(together)
        for index, new in zip(group, together, strict=True):
            result[index] = new if found is None else result[index]
        if found is not None:
            index = group[together.index(found.one)]
            result[index] = replace(result[index], report=_with_file(result[index].report, found.file()))
    return result


def merge_shared(proposals: Sequence[Proposal], guard: Guard) -> Iterator[ProgramReport]:
    """Give the reports, in the order of the programs: a single one for those that change a file that others run.

    Args:    guard: applies edits to a file, and gives its new text.
    """
    groups = {index: group for group in _groups(len(proposals), _sharing_pairs(proposals)) for index in group}
    for index, proposal in enumerate(proposals):
        if index not in groups:
            if proposal.report is not None:
                yield proposal.report
        elif index == groups[index][0]:
            yield _joined([proposals[x] for x in groups[index]], guard)


def report_once(reports: Iterable[ProgramReport]) -> Iterator[ProgramReport]:
    """Report a finding in a shared file once; give the rest of a report, or None if nothing is left."""
    problems: set[str] = set()
    told: set[tuple[str, Item, str]] = set()
    for report in reports:
        files = tuple(_news(file, told) for file in report.files)
        new = replace(
            report,
            problems=tuple(x for x in report.problems if isinstance(x, Distrusted) or x.path not in problems),
            files=tuple(file for file in files if file.items or file.text is not None),
        )
        problems.update(x.path for x in new.problems)
        if new.files or new.problems or new.roles:
            yield new


def _news(file: FileReport, told: set[tuple[str, Item, str]]) -> FileReport:
    """A file's report without findings that were reported before; the others are added to ``told``."""
    items = {(file.source.path, item, item.reason): item for item in file.items}
    new = tuple(item for key, item in items.items() if item.applied or key not in told)
    told.update(items)
    return replace(file, items=new)


def _blocked_pairs(proposals: Sequence[Proposal]) -> Iterator[tuple[int, int]]:
    """Pairs of programs, of which the first would change what the second uses."""
    for index, proposal in enumerate(proposals):
        for other, candidate in enumerate(proposals if proposal.blocked_by else ()):
            if other != index and candidate.report is not None and proposal.blocked_by & candidate.modules:
                yield index, other


def _sharing_pairs(proposals: Sequence[Proposal]) -> Iterator[tuple[int, int]]:
    """Pairs of changed programs, of which the first changes a file of the second."""
    users: dict[str, list[int]] = {}
    for index, proposal in enumerate(proposals):
        for path in proposal.modules if proposal.edits else ():
            users.setdefault(path, []).append(index)
    for index, proposal in enumerate(proposals):
        yield from ((index, other) for path in proposal.edits for other in users[path] if other != index)


def _groups(number: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Give the connected groups of some numbers, each in ascending order, without single ones."""
    group = {index: [index] for index in range(number)}
    for one, two in pairs:
        if group[one] is not group[two]:
            group[one] += group[two]
            group.update(dict.fromkeys(group[two], group[one]))
    return [sorted(found) for index, found in group.items() if index == min(found) and len(found) > 1]


def _find_disagreement(proposals: Sequence[Proposal]) -> Disagreement | None:
    """Find an edit of one program that would break another one that does not make it; None if they agree."""
    for path in dict.fromkeys(path for proposal in proposals for path in proposal.edits):
        users = [proposal for proposal in proposals if path in proposal.modules]
        makers: dict[Edit, dict[str, tuple[Proposal, Placed]]] = {}
        for proposal in users:
            for placed in proposal.edits.get(path, ()):
                makers.setdefault(placed.edit, {})[proposal.entry] = proposal, placed
        for edit, made in makers.items():
            for other in users if len(made) < len(users) else ():
                for one, placed in made.values() if other.entry not in made else ():
                    if one.concerns(path, placed, other):
                        return Disagreement(one, other, path, edit)
    return None


def _joined(proposals: Sequence[Proposal], guard: Guard) -> ProgramReport:
    reports = [proposal.report for proposal in proposals if proposal.report is not None]
    problems = dict.fromkeys(problem for report in reports for problem in report.problems)
    found = _find_disagreement(proposals)
    texts: dict[str, str] = {}
    if found is None:
        try:
            texts = {path: guard(path, edits) for path, edits in _union(proposals).items()}
        except FileProblem as problem:
            problems[problem] = None
    told = [file for report in reports for file in report.files]
    return ProgramReport(
        tuple(_joined_files(told if found is None else [*told, found.file()], texts)),
        tuple(problems),
        tuple(entry for report in reports for entry in report.entries) if texts else (),
        "\n\n".join(report.roles for report in reports if report.roles),
    )


def _joined_files(files: Iterable[FileReport], texts: dict[str, str]) -> Iterator[FileReport]:
    """Give one report per file; if the programs disagree, no edit counts as applied."""
    alike: dict[str, list[FileReport]] = {}
    for file in files:
        alike.setdefault(os.path.normpath(file.source.path), []).append(file)
    for path, found in alike.items():
        told = dict.fromkeys(item if texts else _withheld(item) for file in found for item in file.items)
        done = {
            (item.code, item.line) for item in told if item.applied
        }  # one program does not change what another one does
        items = sorted(item for item in told if item.applied or (item.code, item.line) not in done)
        yield FileReport(found[0].source, tuple(items), texts.get(path))


def _union(proposals: Sequence[Proposal]) -> dict[str, list[Edit]]:
    """The edits of all programs, each once."""
    union: dict[str, dict[Edit, None]] = {}
    for proposal in proposals:
        for path, edits in proposal.edits.items():
            union.setdefault(path, {}).update(dict.fromkeys(placed.edit for placed in edits))
    return {path: list(edits) for path, edits in union.items()}


def _withheld(item: Item) -> Item:
    """An edit that is not made, because programs that share a file disagree."""
    if not item.applied:
        return item
    return replace(
        item,
        applied=False,
        waits=True,
        level=Level.REVIEW,
        reason="programs that share this file do not agree on how to change it",
    )


def _with_file(report: ProgramReport | None, file: FileReport) -> ProgramReport:
    """Add the findings in a file to a report."""
    if report is None:
        return ProgramReport((file,))
    files = {x.source.path: x for x in report.files}
    known = files.get(file.source.path)
    items = (*(known.items if known is not None else ()), *file.items)
    files[file.source.path] = FileReport(file.source, tuple(sorted(items)), known.text if known is not None else None)
    return replace(report, files=tuple(files.values()))
