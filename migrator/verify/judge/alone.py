"""One process: the migrated script does what the original did, bit for bit (P1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any

from migrator.verify.judge import compare
from migrator.verify.judge.compare import figure, numbered
from migrator.verify.judge.output import figures_differ
from migrator.verify.result import Finding, Outcome
from migrator.verify.trace import Backward, Begin, Fetch, Save, Step, Trace

_DRAWN = "random numbers were drawn that the original does not draw, or the other way round"
ORIGINAL_FAILED = "original"  # the aspect of a run that says nothing about the migration


def judge(
    original: Trace, migrated: Trace, reads_ahead: bool = False, unstable: Set[str] = frozenset()
) -> list[Finding]:
    """Compare losses, gradients, rates, parameters, samples, random streams, checkpoints, files and console.

    Args:    reads_ahead: the Accelerator reads a batch ahead, so that streams and the order of events are its own.
                 unstable: forms of printed lines whose figures are never the same, such as times.
    """
    if original.error:
        told = f"the original fails: {_last_line(original.error)}"
        return [Finding(ORIGINAL_FAILED, Outcome.UNKNOWN, told)]
    if not original.losses:
        return [Finding(ORIGINAL_FAILED, Outcome.UNKNOWN, "the original never calls backward: nothing is trained")]
    aspects = [_losses, _gradients, _rates, _parameters]
    if not reads_ahead:
        aspects += [_samples, _streams]
    findings = [finding for aspect in aspects for finding in aspect(original, migrated)]
    findings += judge_output(original, migrated, unstable)
    if migrated.error:
        step = len(migrated.of(Step)) + 1
        told = f"the migrated program fails at step {step}, where the original goes on: {_last_line(migrated.error)}"
        findings.insert(0, Finding("run", Outcome.DIFFERENT, told, step, migrated.error_place))
    return findings


def judge_output(original: Trace, migrated: Trace, unstable: Set[str] = frozenset()) -> list[Finding]:
    """Compare what is written and printed.

    Args:    unstable: forms of printed lines whose figures are never the same, such as times.
    """
    return [*_checkpoints(original, migrated), *_files(original, migrated), *_console(original, migrated, unstable)]


def _last_line(error: str) -> str:
    lines = [line for line in error.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else "without a message"


def _losses(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = numbered(original, Backward), numbered(migrated, Backward)

    def told(one: Backward, other: Backward) -> str:
        if compare.same(one.value, other.value):
            return ""
        return f"the loss is {figure(other.value)}, where it was {figure(one.value)}"

    different = compare.first("losses", right, found, told) or compare.count(
        "losses", "calls of backward", right, found
    )
    yield different or compare.equal("losses", f"{len(right)} losses are equal, to the last bit")


def _steps(original: Trace, migrated: Trace) -> tuple[list[tuple[int, Step]], list[tuple[int, Step]]]:
    return numbered(original, Step), numbered(migrated, Step)


def _gradients(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = _steps(original, migrated)

    def told(one: Step, other: Step) -> str:
        if [(block.norm, block.sums) for block in one.blocks] == [(block.norm, block.sums) for block in other.blocks]:
            return ""
        if not compare.gradients_off(one, other):  # nothing but values that are no numbers
            return ""
        if one.norm != other.norm:
            return f"the norm of the gradients is {figure(other.norm)}, where it was {figure(one.norm)}"
        return "the gradients differ, though their norms do not"

    yield compare.first("gradients", right, found, told) or compare.equal("gradients", "equal at every step")


def _rates(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = _steps(original, migrated)
    yield compare.first("learning rates", right, found, rates_differ) or compare.equal(
        "learning rates", "equal at every step"
    )


def rates_differ(one: Step, other: Step) -> str:
    """Say how the learning rates of two steps differ; empty where they do not."""
    if one.rates == other.rates:
        return ""
    pair = next(((a, b) for a, b in zip(one.rates, other.rates, strict=False) if a != b), None)
    if pair is None:
        return f"there are {len(other.rates)} groups of parameters, where there were {len(one.rates)}"
    return f"the learning rate is {figure(pair[1])}, where it was {figure(pair[0])}"


def _parameters(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = _steps(original, migrated)

    def told(one: Step, other: Step) -> str:
        if (one.optimizer, one.name) != (other.optimizer, other.name):
            return f"{other.name} number {other.optimizer + 1} steps, where {one.name} number {one.optimizer + 1} did"
        if [block.parameters for block in one.blocks] == [block.parameters for block in other.blocks]:
            return ""
        return "the parameters differ after it"

    different = compare.first("parameters", right, found, told) or compare.count(
        "parameters", "optimizer steps", right, found
    )
    yield different or compare.equal("parameters", f"equal after each of {len(right)} steps, to the last bit")


def _samples(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = numbered(original, Fetch), numbered(migrated, Fetch)

    def told(one: Fetch, other: Fetch) -> str:
        if (one.walk, one.size, one.indices) == (other.walk, other.size, other.indices):
            return ""
        return f"samples {_some(other.indices)} of {other.dataset} are read, where {_some(one.indices)} of {one.dataset} were"

    different = compare.first("samples", right, found, told) or compare.count("samples", "batches", right, found)
    yield different or compare.equal("samples", f"the same {len(right)} batches in the same order")


def _some(indices: Sequence[object]) -> str:
    shown = ", ".join(map(str, indices[:6]))
    return f"[{shown}{', ...' if len(indices) > 6 else ''}]"


def _streams(original: Trace, migrated: Trace) -> Iterator[Finding]:
    def told(one: Any, other: Any) -> str:
        return "" if one.streams == other.streams else _DRAWN

    kinds: tuple[Any, ...] = (Begin, Fetch, Step)
    pairs = ((numbered(original, kind), numbered(migrated, kind)) for kind in kinds)
    found = (compare.first("random streams", right, found, told) for right, found in pairs)
    different = [finding for finding in found if finding]
    one, other = original.end, migrated.end
    if not different and one and other and one.how == other.how and one.streams != other.streams:
        different = [Finding("random streams", Outcome.DIFFERENT, f"at the end {_DRAWN}")]
    if different:
        yield min(different, key=lambda finding: finding.step or 0)
    else:
        yield compare.equal("random streams", "every random number is drawn where it was")


def _checkpoints(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = numbered(original, Save), numbered(migrated, Save)
    if not right and not found:
        return

    def told(one: Save, other: Save) -> str:
        return contents_differ(one, other, exact=True)

    different = compare.first("checkpoints", right, found, told) or compare.count(
        "checkpoints", "checkpoints", right, found
    )
    yield different or compare.equal("checkpoints", f"{len(right)} with the same names and the same content")


def contents_differ(one: Save, other: Save, exact: bool) -> str:
    """Say how two checkpoints differ; empty where they do not.

    Args:    exact: to the last bit; else by the norm of each tensor, as far as rounding goes.
    """
    if one.path != other.path:
        return f"{other.path} is saved, where {one.path} was"
    lost, new = (sorted(set(a.content) - set(b.content)) for a, b in ((one, other), (other, one)))
    if lost or new:
        return f"{other.path} is saved without {lost[:3]} and with {new[:3]}"
    for name, value in one.content.items():
        if not _values_agree(value, other.content[name], exact):
            return f"{other.path} holds another {name.lstrip('/') or 'value'}"
    return ""


def _values_agree(one: object, other: object, exact: bool) -> bool:
    if type(one) is not type(other):
        return False
    norms: list[Any] = [getattr(value, "norm", value) for value in (one, other)]
    if exact or not all(isinstance(norm, float) for norm in norms):
        return one == other or one != one
    return compare.off_by(norms[0], norms[1], max(abs(norms[0]), 1e-3)) <= compare.CEILING


def _files(original: Trace, migrated: Trace) -> Iterator[Finding]:
    right, found = original.written, migrated.written
    if right == found:
        if right:
            yield compare.equal("files", f"the same {len(right)}")
        return
    lost, new = sorted(right - found), sorted(found - right)
    yield Finding("files", Outcome.DIFFERENT, f"no longer written: {lost[:3]}; also written: {new[:3]}")


def _console(original: Trace, migrated: Trace, unstable: Set[str]) -> Iterator[Finding]:
    if told := figures_differ(original.lines, migrated.lines, unstable, tolerance=0.0):
        yield Finding("console", Outcome.DIFFERENT, told)
    elif original.lines:
        but = ", but for figures that are never the same" if unstable else ""
        yield compare.equal("console", f"the same {len(original.lines)} lines{but}")


def original_differs_from_itself(one: Trace, other: Trace) -> list[Finding]:
    """List the aspects in which two runs of the original differ: no difference in them says anything of a migration."""
    if other.error:
        return [Finding("run", Outcome.DIFFERENT, "the original failed when it was run again")]
    return [finding for finding in judge(one, other) if finding.outcome is Outcome.DIFFERENT]
