"""Learning-rate schedulers: their length, and where they are stepped."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.inference.trace import Made
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training


class ScheduleLength(AdviceRule):
    """Report schedulers whose length depends on a prepared loader.

    What: `OneCycleLR(optimizer, total_steps=epochs * len(loader))`, after the loader has been prepared.
    Why: on N processes a prepared loader has 1/N of the batches, and a prepared scheduler takes N steps for each of them.
    A schedule with the length of the prepared loader ends after 1/N of the training.
    Safety: never edits. A scheduler that is created before `prepare` is right and not reported.
    Source: Accelerate's `AcceleratedScheduler`.
    """

    code = "MIG204"
    name = "schedule-length"
    effect = Effect.REVIEWS
    reason = "on N processes the prepared loader has 1/N of the batches, so the schedule would end too early"
    help = "call `len` before the loader is passed to `prepare`"

    def sites(self, training: Training) -> Sites:
        made = [event.node for event in training.events(Made) if event.item.kind is Kind.SCHEDULER]
        lengths = set(_prepared_lengths(training))
        for call in (node for node in made if isinstance(node, s.Call)):
            if any(_depends_on(arg.value, lengths) for arg in call.args):
                yield call, f"`{shown(training, call)}` is as long as a prepared loader"


class SchedulerCadence(Rule):
    """Report schedulers that are stepped once per epoch or with a metric, which are not prepared.

    What: only schedulers that are stepped in the loop over the training batches are prepared.
    Why: a prepared scheduler takes N steps per call on N processes: an epoch-level StepLR would decay N times as fast.
    Safety: never edits. A scheduler that is stepped both per batch and per epoch blocks the program (MIG902).
    Source: Accelerate's `AcceleratedScheduler`, measured on two processes.
    """

    code = "MIG203"
    name = "scheduler-cadence"
    effect = Effect.NOTES

    def check(self, training: Training) -> Iterator[Change]:
        for item, cadence in training.components.schedulers.items():
            if cadence in ("batch", "mixed") or item.site is None:
                continue
            module = training.module_of(item.site)
            how = "is stepped with a metric" if cadence == "metric" else "is not stepped for each training batch"
            yield Change(
                self.code, module, item.site, f"This scheduler is not prepared: it {how}", level=Level.NOTE,
                reason="harmless: this is right on any number of processes; a prepared scheduler would take N steps per call",
            )  # fmt: skip


class MixedCadence(Rule):
    """Report schedulers that are stepped both in the batch loop and outside of it.

    What: `scheduler.step()` after each batch, and again after each epoch.
    Why: on N processes a prepared scheduler takes N steps per call, an unprepared one takes one; one of them is wrong.
    Safety: blocks the program; none of its files is changed.
    Source: Accelerate's `AcceleratedScheduler`.
    """

    code = "MIG902"
    name = "mixed-cadence"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        for item, cadence in training.components.schedulers.items():
            if cadence == "mixed" and item.site is not None:
                yield Change(
                    self.code, training.module_of(item.site), item.site,
                    "This scheduler is stepped both in the batch loop and outside of it",
                    level=Level.REVIEW, blocks=True,
                    reason="on several processes one of the two would be wrong, whether the scheduler is prepared or not",
                    help="step it in one place only, or create two schedulers",
                )  # fmt: skip


def _prepared_lengths(training: Training) -> Iterator[s.Node]:
    for call in calls_of(training, "len"):
        values = training.value(call.args[0].value) if call.args else frozenset()
        if any(x.kind is Kind.LOADER and x.prepared for x in values):
            yield call


def _depends_on(node: s.Node, lengths: set[s.Node], depth: int = 3) -> bool:
    """Whether an expression contains one of the lengths, or a variable that was computed from one."""
    for part in node.walk():
        if part in lengths:
            return True
        if isinstance(part, s.Name) and not part.store and depth:
            scope = part.scope.resolve(part.id)
            for other in scope.names.get(part.id, []) if scope is not None else ():
                if (
                    other.store
                    and isinstance(other.parent, s.Assign)
                    and _depends_on(other.parent.value, lengths, depth - 1)
                ):
                    return True
    return False


RULES: tuple[type[Rule], ...] = (SchedulerCadence, ScheduleLength, MixedCadence)
