"""Constructs that another tool's training stands on: seen, explained, and for now a reason to leave the program alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migrator.inference import knowledge
from migrator.rules.advice import calls_of, shown
from migrator.rules.change import Change, Level
from migrator.rules.rule import DerivedRule, Rule, Safety
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.framework import framework_of
from migrator.training.training import Training

# what has a rule of its own (processes.py, gradient.py)
RANK_CALLS = r"get_rank|get_world_size|get_node_local_rank"
COLLECTIVES = (
    r"(all_)?(reduce|gather)(_\w+)?|broadcast\w*|scatter\w*|reduce_scatter\w*|all_to_all\w*|barrier|monitored_barrier"
)
SHARDED = r"ZeroRedundancyOptimizer"


class _BlockingRule(Rule):
    """Base of the rules that report a construct and stop the program."""

    safety = Safety.REVIEW
    reason = ""
    help = ""

    def sites(self, training: Training) -> Iterable[tuple[Module, s.Node, str]]:
        """Give the places, each with what it is."""
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


def _library_calls(training: Training, pattern: str) -> Iterator[tuple[Module, s.Call, str]]:
    for call in calls_of(training, pattern):
        yield training.module_of(call), call, f"`{shown(training, call)}` is there already"


class ProcessGroup(_BlockingRule):
    """Report a process group made by hand.

    What: `torch.distributed.init_process_group` and what else sets several processes up: groups, stores, RPC.
    Why: the Accelerator makes the process group; a second one raises, and ranks worked out by hand go with the first.
    Safety: reported only for now; the program is left alone.
    Source: torch.distributed.
    """

    code = "MIG401"
    name = "init-process-group"
    names = ("init_process_group", "destroy_process_group")
    distinctive_names = ("init_distributed_mode",)
    reason = "the Accelerator makes its own process group, and a second one raises"
    help = "remove the process group, DistributedDataParallel and DistributedSampler by hand, then run migrate again"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Expression, str]]:
        for found in _library_calls(training, r"torch\.distributed\.(?!is_available$).*"):
            name = found[0].text(found[1].func).rpartition(".")[2]
            if not any(re.fullmatch(pattern, name) for pattern in (RANK_CALLS, COLLECTIVES, SHARDED)):
                yield found


class WrappedByHand(_BlockingRule):
    """Report models wrapped by hand.

    What: `DistributedDataParallel(model)`.
    Why: `prepare` wraps the model; a wrapper inside a wrapper synchronises twice.
    Safety: reported only for now; the program is left alone.
    Source: torch.nn.parallel.
    """

    code = "MIG402"
    name = "ddp-wrap"
    names = ("DDP",)
    distinctive_names = ("DistributedDataParallel",)
    reason = "`prepare` wraps the model itself"
    help = "remove the wrapper, then run migrate again"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        for name, found in training.calls.items():
            if knowledge.DISTRIBUTED_PARALLEL.match(name):
                for module, call in found:
                    yield module, call, f"`{shown(training, call)}` wraps a model by hand"


class SamplerByHand(_BlockingRule):
    """Report samplers that shard by hand.

    What: `DistributedSampler(dataset)`.
    Why: a prepared loader shards too; together each process sees a quarter of the data, without an error.
    Safety: reported only for now; the program is left alone.
    Source: torch.utils.data.distributed.
    """

    code = "MIG403"
    name = "sampler"
    distinctive_names = ("DistributedSampler",)
    reason = "a prepared loader shards too, so the data would be sharded twice"
    help = "remove the sampler and pass `shuffle=True` to the loader, then run migrate again"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        yield from _library_calls(training, r"torch\.utils\.data\.(distributed\.)?DistributedSampler")


class SetDevice(_BlockingRule):
    """Report devices set per process by hand.

    What: `torch.cuda.set_device(local_rank)`.
    Why: the Accelerator sets each process's device.
    Safety: reported only for now; the program is left alone.
    Source: torch.cuda.set_device.
    """

    code = "MIG405"
    name = "set-device"
    names = ("set_device",)
    reason = "the Accelerator sets each process's device"
    help = "remove it; choose a GPU with CUDA_VISIBLE_DEVICES"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        yield from _library_calls(training, r"torch\.(cuda|accelerator)\.set_device(_index)?")


class ClosureResult(_BlockingRule):
    """Report an `optimizer.step(closure)` whose result is used.

    What: `loss = optimizer.step(closure)`.
    Why: a prepared optimizer's `step` returns nothing under Accelerate.
    Safety: reported only; the program is left alone.
    Source: Accelerate's `AcceleratedOptimizer.step`.
    """

    code = "MIG907"
    name = "closure-result"
    reason = "a prepared optimizer's `step` returns nothing"
    help = "keep the loss in a variable inside the closure"

    def sites(self, training: Training) -> Iterator[tuple[Module, s.Node, str]]:
        for item in training.components.optimizers:
            for event in training.components.steps_of(item):
                if event.node.args and not isinstance(event.node.parent, s.Evaluate):
                    module = training.module_of(event.node)
                    yield module, event.node, f"The result of `{shown(training, event.node)}` is used"


class Framework(DerivedRule):
    """Leave code alone that another framework drives.

    What: scripts on Accelerate, Fabric, Lightning, DeepSpeed, Ignite, the Hugging Face Trainer and their kin.
    Why: they place, wrap and shard themselves.
    Safety: nothing is edited. Leave the rule out (`--ignore MIG004`) to finish a file that was migrated in part.
    Source: the frameworks' own documentation.
    """

    code = "MIG004"
    name = "already-migrated"
    safety = Safety.REVIEW

    @classmethod
    def found(cls, module: Module) -> Change | None:
        """Report the framework that drives a module, if one does."""
        found = framework_of(module)
        if found is None:
            return None
        node, name = found
        return Change(
            cls.code, module, node, f"Not changed: {name} drives this training",
            level=Level.NOTE, help=f"`--ignore {cls.code}` finishes a file that was migrated in part",
        )  # fmt: skip


class SharedFile(DerivedRule):
    """Report where programs that share a file would have it changed in different ways.

    What: one script's migration needs a change of a function that another script runs as well, and the other's does not
    make it: it is refused for a reason of its own, or treats the function in another way.
    Why: a function that takes an Accelerator, or that no longer moves its batches, breaks whoever does not play along.
    Safety: neither program is changed.
    Source: contract, P4.
    """

    code = "MIG006"
    name = "shared-file"
    safety = Safety.REVIEW


RULES: tuple[type[Rule], ...] = (
    Framework, SharedFile,
    ProcessGroup, WrappedByHand, SamplerByHand, SetDevice, ClosureResult,
)  # fmt: skip
