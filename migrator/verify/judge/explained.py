"""Differences that a finding of the migration announced; they do not count as faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migrator.report.report import FileReport
from migrator.rules import aspects
from migrator.verify.edits import new_line
from migrator.verify.result import Finding, Outcome


def explained(findings: Sequence[Finding], files: Sequence[tuple[str, FileReport]]) -> tuple[list[Finding], list[str]]:
    """Withdraw the differences that a finding of the migration explains; give the others, and the names of these.

    Args:    files: what the migration says of each, changed or not, by its path from the project's root.
    """
    kept: list[Finding] = []
    named: list[str] = []
    for finding in findings:
        told = _explanation(finding, files) if finding.outcome is Outcome.DIFFERENT else ""
        if told:
            named.append(f"{finding.aspect}: {finding.told} (explained by {told})")
            kept.append(
                replace(
                    finding, outcome=Outcome.EQUAL, told=f"except for a difference that {told} explains: {finding.told}"
                )
            )
        else:
            kept.append(finding)
    return kept, named


def _explanation(finding: Finding, files: Sequence[tuple[str, FileReport]]) -> str:
    """Name the finding that explains a difference: one in the same file, on a line that was not migrated."""
    codes = aspects.EXPLAIN.get(finding.aspect)
    name, _, line = finding.place.rpartition(":")
    for path, file in files if codes else ():
        if name and path != name:
            continue
        if name and _is_settled(file, int(line), aspects.SETTLE[finding.aspect]):
            continue
        for item in file.items:
            if item.code.startswith(codes or ()) and not item.applied:
                return f"{item.code} at {path}:{item.line}"
    return ""


def _is_settled(file: FileReport, line: int, codes: tuple[str, ...]) -> bool:
    return any(
        item.applied and item.code.startswith(codes) and new_line(file, item.line) == line for item in file.items
    )
