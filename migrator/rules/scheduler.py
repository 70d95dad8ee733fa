"""Learning-rate schedules: how long they are, and who steps them."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind
from migrator.inference.trace import Made
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import Rule, Safety
from migrator.source import syntax as s
from migrator.training.training import Training


class ScheduleLength(AdviceRule):
    """Report schedules whose length is that of a prepared loader.

    What: `OneCycleLR(optimizer, total_steps=epochs * len(loader))`, after the loader has been prepared.
    Why: on N processes a prepared loader has a Nth of the batches, while a prepared schedule takes N steps for each.
    Safety: nothing is edited. Where the schedule is built before `prepare`, as it mostly is, it is right.
    Source: Accelerate's `AcceleratedScheduler`.
    """

    code = "MIG204"
    name = "schedule-length"
    reason = "on N processes the prepared loader has a Nth of the batches, so the schedule would end too early"
    help = "count the batches before the loader is prepared"

    def sites(self, training: Training) -> Sites:
        made = [event.node for event in training.events(Made) if event.item.kind is Kind.SCHEDULER]
        lengths = set(_prepared_lengths(training))
        for call in (node for node in made if isinstance(node, s.Call)):
            if any(_depends_on(arg.value, lengths) for arg in call.args):
                yield call, f"`{shown(training, call)}` is as long as a prepared loader"


class SchedulerCadence(Rule):
    """Leave a scheduler alone that is stepped once an epoch or on a metric.

    What: only schedulers stepped in the loop over the training batches are prepared.
    Why: a prepared scheduler steps once for each process: an epoch-level StepLR would decay N times as fast.
    Safety: nothing is edited; a scheduler stepped both ways stops the program.
    Source: Accelerate's `AcceleratedScheduler`, measured on two processes.
    """

    code = "MIG203"
    name = "scheduler-cadence"

    def check(self, training: Training) -> Iterator[Change]:
        for item, cadence in training.components.schedulers.items():
            if cadence in ("batch", "mixed") or item.site is None:
                continue
            module = training.module_of(item.site)
            how = "is stepped on a metric" if cadence == "metric" else "is not stepped once for each prepared batch"
            yield Change(
                self.code, module, item.site, f"The scheduler is not prepared: it {how}", level=Level.NOTE,
                reason="a prepared scheduler takes as many steps at a time as there are processes",
            )  # fmt: skip


class MixedCadence(Rule):
    """Stop where a scheduler is stepped both in the batch loop and outside of it.

    What: `scheduler.step()` after each batch, and once more after each epoch.
    Why: a prepared scheduler steps once for each process, an unprepared one once; one of the two is wrong.
    Safety: reported only; the program is left alone.
    Source: Accelerate's `AcceleratedScheduler`.
    """

    code = "MIG902"
    name = "mixed-cadence"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        for item, cadence in training.components.schedulers.items():
            if cadence == "mixed" and item.site is not None:
                yield Change(
                    self.code, training.module_of(item.site), item.site,
                    "This scheduler is stepped both in the batch loop and outside of it",
                    level=Level.REVIEW, blocks=True,
                    reason="prepared or not, one of the two would be wrong on several processes",
                    help="step it in one place, or make two schedulers",
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
