"""Log files, trackers and throughput figures of each process."""

from __future__ import annotations

from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.main_process import is_guarded
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training

_TRACKERS = (
    r"(torch\.utils\.tensorboard|tensorboardX|tensorboard)\.(\w+\.)*(SummaryWriter|FileWriter)"
    r"|wandb\.init|mlflow\.start_run|comet_ml\.Experiment|neptune\.init\w*|swanlab\.init|trackio\.init"
)


class LogFile(AdviceRule):
    """Report log files that every process would write.

    What: `logging.FileHandler("train.log")`, `logging.basicConfig(filename=...)`.
    Why: all N processes write to the same file, or truncate what the others have written.
    Safety: never edits.
    Source: Python's logging; Accelerate's `get_logger`.
    """

    code = "MIG704"
    name = "log-file"
    effect = Effect.REVIEWS
    reason = "all processes write to the same file, so its lines are repeated or lost"
    help = "add the handler under `if accelerator.is_main_process:`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"logging\.(handlers\.)?\w*FileHandler|logging\.basicConfig"):
            if not training.module_of(call).text(call.func).endswith("basicConfig") or "filename" in call.keywords():
                if not is_guarded(training, call):
                    yield call, f"Every process writes a log file with `{shown(training, call)}`"


class Tracker(AdviceRule):
    """Report experiment trackers that every process would start.

    What: `SummaryWriter("runs")`, `wandb.init(...)`.
    Why: N processes would start N runs, or write N event files.
    Safety: never edits.
    Source: torch.utils.tensorboard; Accelerate's guide on trackers.
    """

    code = "MIG705"
    name = "tracker"
    effect = Effect.REVIEWS
    reason = "N processes would start N runs, or write N event files"
    help = "create the tracker and write to it under `if accelerator.is_main_process:`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, _TRACKERS):
            if not is_guarded(training, call):
                yield call, f"Every process starts a tracker with `{shown(training, call)}`"


class Throughput(AdviceRule):
    """Report samples per second, which are those of one process.

    What: `batch_size / elapsed`, `len(x) / (time.time() - start)`.
    Why: each process counts only its own samples; the total of N processes is N times as much.
    Safety: never edits.
    Source: Accelerate's `num_processes`.
    """

    code = "MIG706"
    name = "throughput"
    effect = Effect.NOTES
    once = True
    reason = "the value is the throughput of one process; that of all N is N times as much"
    help = "for the total, multiply by `accelerator.num_processes`"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for node in module.nodes(s.Binary):
                if node.operator == "Divide" and _counts_samples(node.left) and _is_time(training, node.right):
                    yield node, f"`{shown(training, node)}` counts only the samples of this process"


def _is_time(training: Training, node: s.Node) -> bool:
    return training.is_involved(node) and "CLOCK" in {origin.name for origin in training.divergence.of(node)}


def _counts_samples(node: s.Node) -> bool:
    for part in node.walk():
        word = part.id if isinstance(part, s.Name) else part.name if isinstance(part, s.Attribute) else ""
        if word in ("size", "shape") or any(
            x in word for x in ("batch_size", "samples", "images", "tokens", "examples")
        ):
            return True
        if isinstance(part, s.Call) and isinstance(part.func, s.Name) and part.func.id == "len":
            return True
    return False


RULES: tuple[type[AdviceRule], ...] = (LogFile, Tracker, Throughput)
