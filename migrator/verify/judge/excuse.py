"""Differences that the migration told of beforehand: named again, and no fault of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from migrator.report.report import FileReport
from migrator.verify.result import Finding, Outcome

# Which findings of a migration explain a difference in which aspect of a run on several processes.
_EXPLAINS = {"console": ("MIG702", "MIG703", "MIG705"), "files": ("MIG505", "MIG506", "MIG704", "MIG705")}


def excused(findings: Sequence[Finding], files: Sequence[FileReport]) -> tuple[list[Finding], list[str]]:
    """Withdraw what a finding of the migration explains; give what is left, and the differences by name."""
    kept: list[Finding] = []
    named: list[str] = []
    for finding in findings:
        told = _explanation(finding, files) if finding.outcome is Outcome.DIFFERENT else ""
        if told:
            named.append(f"{finding.aspect}: {finding.told}, as {told} says")
            kept.append(replace(finding, outcome=Outcome.EQUAL, told=f"but for what {told} says: {finding.told}"))
        else:
            kept.append(finding)
    return kept, named


def _explanation(finding: Finding, files: Sequence[FileReport]) -> str:
    codes = _EXPLAINS.get(finding.aspect)
    for file in files:
        for item in file.items:
            if codes and item.code.startswith(codes) and not item.applied:
                return f"{item.code} at {os.path.relpath(file.source.path)}:{item.line}"
    return ""
