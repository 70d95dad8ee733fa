"""Constructs that are not migrated and that would clash with an Accelerator, so the program is not changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migrator.inference import knowledge
from migrator.rules.advice import calls_of, shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import DerivedRule, Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.framework import framework_of
from migrator.training.training import Training

# reported by other rules (processes.py, gradient.py)
RANK_CALLS = r"get_rank|get_world_size|get_node_local_rank"
COLLECTIVES = (
    r"(all_)?(reduce|gather)(_\w+)?|broadcast\w*|scatter\w*|reduce_scatter\w*|all_to_all\w*|barrier|monitored_barrier"
)
SHARDED = r"ZeroRedundancyOptimizer"


class _BlockingRule(Rule):
    """Base of the rules that report a construct and block the program."""

    reason = ""
    help = ""

    def sites(self, training: Training) -> Iterable[tuple[Module, s.Node, str]]:
        """Give the places, each with its message."""
        raise TypeError(f"INTERNAL ERROR: {self.code} names no sites")

    def check(self, training: Training) -> Iterator[Change]:
        seen = set()
        for module, node, what in self.sites(training):
            if node not in seen:
                seen.add(node)
                yield Change(
                    self.code,
                    module,
                    node,
                    what,
                    level=Level.REVIEW,
                    blocks=True,
                    reason=self.reason,
                    help=self.help,
                )


def _library_calls(training: Training, pattern: str, message: str) -> Iterator[tuple[Module, s.Call, str]]:
    """Report the calls of library functions whose name matches; ``message`` has a place for the call's text."""
    for call in calls_of(training, pattern):
        yield training.module_of(call), call, message.format(shown(training, call))


class ProcessGroup(_BlockingRule):
    """Report process groups that the script creates with `torch.distributed`.

    What: `torch.distributed.init_process_group`, and other functions that set up several processes: groups, stores, RPC.
    Why: the Accelerator creates and destroys the process group itself, and a second owner breaks it.
    Safety: blocks the program; none of its files is changed.
    Source: torch.distributed.
    """

    code = "MIG401"
    name = "init-process-group"
    effect = Effect.BLOCKS
    names = ("init_process_group", "destroy_process_group")
    distinctive_names = ("init_distributed_mode",)
    reason = "the Accelerator creates and destroys the process group itself, and a second owner breaks it"
    help = "remove the process group, DistributedDataParallel and DistributedSampler, then run migrate again"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Expression, str]]:
        calls = r"torch\.distributed\.(?!is_available$).*"
        for found in _library_calls(training, calls, "`{}` manages the process group, as the Accelerator does"):
            name = found[0].text(found[1].func).rpartition(".")[2]
            if not any(re.fullmatch(pattern, name) for pattern in (RANK_CALLS, COLLECTIVES, SHARDED)):
                yield found


class HandWrittenDdp(_BlockingRule):
    """Report models that the script wraps in `DistributedDataParallel`.

    What: `DistributedDataParallel(model)`.
    Why: `prepare` wraps the model; a wrapper inside a wrapper synchronises gradients twice.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.parallel.
    """

    code = "MIG402"
    name = "ddp-wrap"
    effect = Effect.BLOCKS
    names = ("DDP",)
    distinctive_names = ("DistributedDataParallel",)
    reason = "`prepare` wraps the model as well, so gradients would be synchronised twice"
    help = "remove the wrapper, then run migrate again"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        for name, found in training.calls.items():
            if knowledge.DISTRIBUTED_PARALLEL.match(name):
                for module, call in found:
                    yield module, call, f"`{shown(training, call)}` already wraps the model for several processes"


class DistributedSamplers(_BlockingRule):
    """Report samplers that shard the data between processes.

    What: `DistributedSampler(dataset)`.
    Why: a prepared loader shards as well; on two processes each would see a quarter of the data, without an error.
    Safety: blocks the program; none of its files is changed.
    Source: torch.utils.data.distributed.
    """

    code = "MIG403"
    name = "sampler"
    effect = Effect.BLOCKS
    distinctive_names = ("DistributedSampler",)
    reason = "a prepared loader shards as well, so each process would train on too little of the data"
    help = "remove the sampler and its `set_epoch` calls, pass the sampler's `shuffle` to the loader, then run migrate again"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        yield from _library_calls(
            training,
            r"torch\.utils\.data\.(distributed\.)?DistributedSampler",
            "`{}` already shards the data between processes",
        )


class SetDevice(_BlockingRule):
    """Report `torch.cuda.set_device`.

    What: `torch.cuda.set_device(local_rank)`.
    Why: the Accelerator chooses the GPU of each process; another current GPU would contradict it.
    Safety: blocks the program; none of its files is changed.
    Source: torch.cuda.set_device.
    """

    code = "MIG405"
    name = "set-device"
    effect = Effect.BLOCKS
    names = ("set_device",)
    reason = "the Accelerator chooses the GPU of each process, and another current GPU would contradict it"
    help = "remove it; to choose a GPU, set CUDA_VISIBLE_DEVICES"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        yield from _library_calls(
            training,
            r"torch\.(cuda|accelerator)\.set_device(_index)?",
            "`{}` selects the GPU of this process, as the Accelerator does",
        )


class ClosureResult(_BlockingRule):
    """Report an `optimizer.step(closure)` whose result is used.

    What: `loss = optimizer.step(closure)`.
    Why: under Accelerate, the `step` of a prepared optimizer returns nothing.
    Safety: blocks the program; none of its files is changed.
    Source: Accelerate's `AcceleratedOptimizer.step`.
    """

    code = "MIG907"
    name = "closure-result"
    effect = Effect.BLOCKS
    reason = "the `step` of a prepared optimizer returns nothing under Accelerate"
    help = "store the loss in a variable inside the closure, and use that"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        for item in training.components.optimizers:
            for event in training.components.steps_of(item):
                if event.node.args and not isinstance(event.node.parent, s.Evaluate):
                    module = training.module_of(event.node)
                    yield module, event.node, f"The script uses the result of `{shown(training, event.node)}`"


class Framework(DerivedRule):
    """Report scripts that already train through a framework.

    What: scripts on Accelerate, Fabric, Lightning, DeepSpeed, Ignite, the Hugging Face Trainer and similar frameworks.
    Why: these frameworks move models and batches, wrap models and shard data themselves.
    Safety: never edits. `--ignore MIG004` migrates the rest of a partly migrated file.
    Source: the frameworks' own documentation.
    """

    code = "MIG004"
    name = "already-migrated"
    effect = Effect.NOTES

    @classmethod
    def found(cls, module: Module) -> Change | None:
        """Report the framework that a module trains through, if any."""
        found = framework_of(module)
        if found is None:
            return None
        node, name = found
        return Change(
            cls.code, module, node, f"Not changed: this code already trains through {name}",
            level=Level.NOTE, help=f"`--ignore {cls.code}` migrates the rest of a partly migrated file",
        )  # fmt: skip


class SharedFile(DerivedRule):
    """Report files that two programs share and that they would change in different ways.

    What: to migrate one script, a function must be changed that another script also runs. The other script cannot be
    migrated, or needs a different change of the function.
    Why: both scripts run the same text. A function that takes an Accelerator, or that no longer moves its batches, would
    break the script that was not migrated.
    Safety: blocks both programs; none of their files is changed.
    Source: README, "Limits".
    """

    code = "MIG006"
    name = "shared-file"
    effect = Effect.BLOCKS


RULES: tuple[type[Rule], ...] = (
    Framework, SharedFile,
    ProcessGroup, HandWrittenDdp, DistributedSamplers, SetDevice, ClosureResult,
)  # fmt: skip
