"""Logs and trackers: what every process would write again."""

from __future__ import annotations

from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Level
from migrator.rules.main_process import is_guarded
from migrator.source import syntax as s
from migrator.training.training import Training

_TRACKERS = (
    r"(torch\.utils\.tensorboard|tensorboardX|tensorboard)\.(\w+\.)*(SummaryWriter|FileWriter)"
    r"|wandb\.init|mlflow\.start_run|comet_ml\.Experiment|neptune\.init\w*|swanlab\.init|trackio\.init"
)


class LogFile(AdviceRule):
    """Report log files that every process would write.

    What: `logging.FileHandler("train.log")`, `logging.basicConfig(filename=...)`.
    Why: N processes write into one file, or truncate it one after the other.
    Safety: nothing is edited.
    Source: Python's logging; Accelerate's `get_logger`.
    """

    code = "MIG704"
    name = "log-file"
    reason = "every process opens the same file"
    help = "add the handler under `if accelerator.is_main_process:`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"logging\.(handlers\.)?\w*FileHandler|logging\.basicConfig"):
            if not training.module_of(call).text(call.func).endswith("basicConfig") or "filename" in call.keywords():
                if not is_guarded(training, call):
                    yield call, f"`{shown(training, call)}` writes a log in every process"


class Tracker(AdviceRule):
    """Report trackers that every process would start.

    What: `SummaryWriter("runs")`, `wandb.init(...)`.
    Why: N processes write N event files, or N runs.
    Safety: nothing is edited, since what it returns is used all over the script.
    Source: torch.utils.tensorboard; Accelerate's guide on trackers.
    """

    code = "MIG705"
    name = "tracker"
    reason = "N processes would write N event files, or N runs"
    help = "make it, and write to it, under `if accelerator.is_main_process:`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, _TRACKERS):
            if not is_guarded(training, call):
                yield call, f"`{shown(training, call)}` starts a tracker in every process"


class Throughput(AdviceRule):
    """Say where samples per second are those of one process.

    What: `batch_size / elapsed`, `len(x) / (time.time() - start)`.
    Why: each process counts its own samples; all together are N times as fast.
    Safety: nothing is edited.
    Source: Accelerate's `num_processes`.
    """

    code = "MIG706"
    name = "throughput"
    level = Level.NOTE
    once = True
    reason = "it is the speed of one process"
    help = "multiply by `accelerator.num_processes` for that of all"

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for node in module.nodes(s.Binary):
                if node.operator == "Divide" and _counts_samples(node.left) and _is_time(training, node.right):
                    yield node, f"`{shown(training, node)}` counts this process's samples"


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
