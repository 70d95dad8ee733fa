"""Differences that the migration told of beforehand: named again, and no fault of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from migrator.report.report import ProgramReport
from migrator.verify.result import Finding, Outcome

# Which findings of a migration explain a difference in which aspect of a run on several processes.
_EXPLAINS = {"console": ("MIG7",), "files": ("MIG505", "MIG506", "MIG704", "MIG705")}


def excused(findings: Sequence[Finding], reports: Sequence[ProgramReport]) -> tuple[list[Finding], list[str]]:
    """Withdraw what a finding of the migration explains; give what is left, and the differences by name."""
    kept: list[Finding] = []
    named: list[str] = []
    for finding in findings:
        told = _explanation(finding, reports) if finding.outcome is Outcome.DIFFERENT else ""
        if told:
            named.append(f"{finding.aspect}: {finding.told}, as {told} says")
            finding = replace(finding, outcome=Outcome.EQUAL, told=f"but for what {told} says: {finding.told}")
        kept.append(finding)
    return kept, named


def _explanation(finding: Finding, reports: Sequence[ProgramReport]) -> str:
    codes = _EXPLAINS.get(finding.aspect)
    for file in (file for report in reports for file in report.files):
        for item in file.items:
            if codes and item.code.startswith(codes) and not item.applied:
                return f"{item.code} at {os.path.relpath(file.source.path)}:{item.line}"
    return ""
