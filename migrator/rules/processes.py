"""Direct use of `torch.distributed` and `torch.multiprocessing`: ranks, starting processes, collectives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.blockers import COLLECTIVES, RANK_CALLS
from migrator.rules.change import Change
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training

_VARIABLES = frozenset({"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK"})
_COUNTS = r"torch\.(cuda|accelerator|xpu)\.device_count|torch\.distributed\.get_world_size"
_SCALED = r"(^|_)(lr|learning_rate|batch_?size|bs|batch)($|_)"
_ARITHMETIC = frozenset({"Multiply", "Divide", "FloorDivide"})


class RankCalls(AdviceRule):
    """Report ranks that are read from a process group.

    What: `dist.get_rank()`, `dist.get_world_size()`.
    Why: they need an initialised process group, and raise an error on one process, where there is none.
    Safety: blocks the program; none of its files is changed.
    Source: torch.distributed; Accelerate's `process_index` and `num_processes`.
    """

    code = "MIG404"
    name = "rank"
    effect = Effect.BLOCKS
    names = ("get_rank", "get_world_size")
    anywhere = True
    reason = "on one process there is no process group, so the call raises an error"
    help = "remove the code that needs the rank, run migrate again, then use `accelerator.process_index` and `accelerator.num_processes`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, rf"torch\.distributed\.({RANK_CALLS})"):
            yield call, f"`{shown(training, call)}` needs an initialised process group"


class RankVariables(AdviceRule):
    """Report ranks that are read from environment variables.

    What: `int(os.environ["LOCAL_RANK"])`.
    Why: torchrun sets these variables for every process, so they stay right; plain `python train.py` does not set them.
    Safety: never edits.
    Source: torch.distributed.run; Accelerate's `process_index`.
    """

    code = "MIG404"
    name = "rank-variable"
    effect = Effect.NOTES
    help = "use `accelerator.process_index`, `.local_process_index` or `.num_processes`, which are always defined"

    def check(self, training: Training) -> Iterator[Change]:
        for change in super().check(training):
            yield replace(change, reason=_without_torchrun(change.node))

    def sites(self, training: Training) -> Sites:
        for module in training.modules:
            for node in module.nodes(s.Subscript):
                if not node.store and _names_rank(node.index) and _word(node.value) == "environ":
                    yield node, f"`{shown(training, node)}` was not changed"
        for call in calls_of(training, r"os\.getenv|os\.environ\.get"):
            if _names_rank([arg.value for arg in call.args[:1]]):
                yield call, f"`{shown(training, call)}` was not changed"


class Spawn(AdviceRule):
    """Report processes that the script starts itself.

    What: `torch.multiprocessing.spawn(worker, nprocs=n)`.
    Why: torchrun starts the processes, and each of them would start more.
    Safety: blocks the program; none of its files is changed.
    Source: torch.multiprocessing; torch.distributed.run.
    """

    code = "MIG407"
    name = "spawn"
    effect = Effect.BLOCKS
    names = ("spawn",)
    anywhere = True
    reason = "torchrun starts the processes, and each of them would start more"
    help = "call the function directly, and launch with `torchrun --nproc_per_node N`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.multiprocessing\.(spawn|start_processes|Process)"):
            yield call, f"`{shown(training, call)}` starts processes, as torchrun does"


class Collectives(AdviceRule):
    """Report collective operations of `torch.distributed`.

    What: `dist.all_reduce(t)`, `dist.barrier()`, `dist.broadcast(t, 0)`.
    Why: they need an initialised process group, and raise an error on one process, where there is none.
    Safety: blocks the program; none of its files is changed.
    Source: torch.distributed; Accelerate's `reduce`, `gather`, `wait_for_everyone`.
    """

    code = "MIG408"
    name = "collective"
    effect = Effect.BLOCKS
    names = ("barrier", "all_reduce", "all_gather", "reduce", "reduce_tensor")
    anywhere = True
    reason = "on one process there is no process group, so the call raises an error"
    help = "remove it, run migrate again, then use `accelerator.reduce`, `.gather` or `.wait_for_everyone`, which also work on one process"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, rf"torch\.distributed\.({COLLECTIVES})"):
            yield call, f"`{shown(training, call)}` uses `torch.distributed` directly"


class Scaling(AdviceRule):
    """Report learning rates and batch sizes that are computed from the number of GPUs.

    What: `lr * torch.cuda.device_count()`, `batch_size // world_size`.
    Why: each process uses one GPU but counts all GPUs of the machine, and a prepared loader gives each process batches of
    the full size.
    Safety: never edits.
    Source: Accelerate's `split_batches`.
    """

    code = "MIG409"
    name = "scaling"
    effect = Effect.REVIEWS
    reason = "each process counts all GPUs of the machine, and reads batches of the size that results here"
    help = "decide whether the value is meant for one process or for all of them; for one, remove the factor"

    def sites(self, training: Training) -> Sites:
        counts = set(calls_of(training, _COUNTS))
        names = {_target(call) for call in counts} - {None}
        for module in training.modules:
            for node in module.nodes(s.Binary):
                if node.operator not in _ARITHMETIC:
                    continue
                for one, other in ((node.left, node.right), (node.right, node.left)):
                    counted = any(x in counts or _variable(x) in names for x in one.walk())
                    if counted and any(re.search(_SCALED, _word(x), re.IGNORECASE) for x in other.walk()):
                        yield node, f"`{shown(training, node)}` depends on the number of GPUs"
                        break


def _names_rank(index: list[s.Expression]) -> bool:
    return len(index) == 1 and isinstance(index[0], s.Literal) and index[0].value in _VARIABLES


def _without_torchrun(node: s.Node) -> str:
    """What a read of an environment variable gives where torchrun has not set it."""
    if not isinstance(node, s.Call):
        return "without torchrun this raises a KeyError"
    if node.argument(1, "default") is None:
        return "without torchrun this gives None"
    return "harmless: torchrun sets it, and without torchrun the default is used"


def _target(call: s.Call) -> tuple[s.Scope | None, str] | None:
    """The variable that a call's result is assigned to, as its scope and name; None if there is none."""
    statement = call.statement
    target = statement.targets[0] if isinstance(statement, s.Assign) and statement.value is call else None
    return _variable(target) if target is not None else None


def _variable(node: s.Node) -> tuple[s.Scope | None, str] | None:
    return (node.scope.resolve(node.id), node.id) if isinstance(node, s.Name) else None


def _word(node: s.Node) -> str:
    return node.id if isinstance(node, s.Name) else node.name if isinstance(node, s.Attribute) else ""


RULES: tuple[type[AdviceRule], ...] = (RankCalls, RankVariables, Spawn, Collectives, Scaling)
