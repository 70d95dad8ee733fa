"""Datasets, samplers and loaders that do more than usual."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Iterated
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Level
from migrator.source import syntax as s
from migrator.training import device_move, moves
from migrator.training.training import Training


class OwnSampler(AdviceRule):
    """Report samplers of one's own.

    What: `DataLoader(dataset, sampler=MySampler(...))`, where the class draws at random.
    Why: `prepare` deals out what the sampler yields; if each process draws another order, samples are seen twice or not
    at all.
    Safety: nothing is edited.
    Source: Accelerate's `BatchSamplerShard`.
    """

    code = "MIG914"
    name = "own-sampler"
    reason = "every process must draw the same order, or samples are seen twice or not at all"
    help = "draw from a generator that has the same seed in every process, and that counts the epochs"

    def sites(self, training: Training) -> Sites:
        for call in _loader_calls(training):
            for position, keyword in ((3, "sampler"), (4, "batch_sampler")):
                given = call.argument(position, keyword)
                for item in training.value(given) if given is not None else ():
                    if item.kind in (Kind.INSTANCE, Kind.SAMPLER) and _draws(item):
                        yield call, f"`{shown(training, given)}` draws an order of its own"


class OwnStream(AdviceRule):
    """Say what becomes of a stream of samples.

    What: a `DataLoader` over an `IterableDataset` of one's own.
    Why: a stream has no indices to deal out: the main process reads all of it and sends each other process its part.
    Safety: nothing is edited. A stream that shards itself would be sharded twice.
    Source: Accelerate's `dispatch_batches`.
    """

    code = "MIG914"
    name = "own-stream"
    level = Level.NOTE
    reason = (
        "the main process reads it and sends the others their parts; a stream that shards itself would be sharded twice"
    )

    def sites(self, training: Training) -> Sites:
        for call in _loader_calls(training):
            given = call.argument(0, "dataset")
            for item in training.value(given) if given is not None else ():
                if _inherits(item, "IterableDataset"):
                    yield call, f"`{shown(training, given)}` is a stream"


class MovingDataset(AdviceRule):
    """Report datasets that put their samples on a GPU.

    What: `.cuda()` or `.to(device)` in `__getitem__`, or in a `collate_fn`.
    Why: worker processes cannot use the GPU, and a prepared loader moves whole batches itself.
    Safety: nothing is edited.
    Source: torch.utils.data, on CUDA in workers.
    """

    code = "MIG914"
    name = "moving-dataset"
    anywhere = True
    reason = "a prepared loader moves whole batches itself, and its workers cannot use a GPU"
    help = "return tensors of the CPU"

    def sites(self, training: Training) -> Sites:
        owners = set(_sample_makers(training))
        for module in training.modules:
            for call in module.nodes(s.Call):
                if (
                    isinstance(call.func, s.Attribute)
                    and call.func.name in ("cuda", "to")
                    and _function(call) in owners
                ):
                    if device_move.is_device_move(training, call):
                        yield call, f"`{shown(training, call)}` puts samples on a device one by one"


class LoaderThread(AdviceRule):
    """Report loaders that a thread draws from.

    What: `threading.Thread(target=fill, args=(loader,))`.
    Why: a prepared loader keeps the processes in step and knows which batch is the last; in a thread it runs ahead.
    Safety: nothing is edited.
    Source: Accelerate's `GradientState`.
    """

    code = "MIG914"
    name = "loader-thread"
    reason = "a prepared loader tells the optimizer which batch is the last, and a thread runs ahead of it"
    help = "let the loader's workers read ahead (`num_workers`, `prefetch_factor`)"

    def sites(self, training: Training) -> Sites:
        drawn = {e.frame.node for e in training.events(Iterated) if training.is_required(e.item)}
        for call in calls_of(training, r"threading\.Thread"):
            held = [x for arg in call.args for part in arg.value.walk() for x in training.value(part)]
            target = call.argument(1, "target")
            functions = (
                [x.data[0] for x in training.value(target) if x.kind in (Kind.FUNCTION, Kind.METHOD)]
                if target is not None
                else []
            )
            if any(x.kind in (Kind.LOADER, Kind.ITERATOR) for x in held) or any(x in drawn for x in functions):
                yield call, f"`{shown(training, call)}` draws batches in a thread"


class OwnBatches(AdviceRule):
    """Say where a prepared loader may not move its batches.

    What: a `collate_fn` that returns an object of one's own class, or something that cannot be seen through.
    Why: `prepare` moves tensors, and tensors in tuples, lists and dicts; the script's own moves stay in place for the rest.
    Safety: nothing is edited.
    Source: Accelerate's `send_to_device`.
    """

    code = "MIG908"
    name = "own-batches"
    level = Level.NOTE
    reason = "`prepare` moves tensors, and tensors in tuples, lists and dicts; the moves of other batches stay"

    def sites(self, training: Training) -> Sites:
        for item in training.components.loaders:
            call = item.site
            if item.kind is Kind.LOADER and isinstance(call, s.Call) and call.argument(6, "collate_fn") is not None:
                if not moves._collates_plainly(training, item):
                    yield call, f"`{shown(training, call)}` makes batches of a kind that was not understood"


def _loader_calls(training: Training) -> Iterator[s.Call]:
    for item in training.components.loaders:
        if item.kind is Kind.LOADER and isinstance(item.site, s.Call):
            yield item.site


def _draws(item: Object) -> bool:
    """Whether a sampler of one's own makes its order at random."""
    owner = item.data.site if isinstance(item.data, Object) else None
    words = {x.name for x in owner.walk() if isinstance(x, s.Attribute)} if isinstance(owner, s.ClassDef) else set()
    return bool(words & {"shuffle", "randperm", "permutation", "sample", "choice", "choices", "randint", "multinomial"})


def _inherits(item: Object, name: str) -> bool:
    owner = item.data.site if isinstance(item.data, Object) else None
    bases = owner.bases if isinstance(owner, s.ClassDef) else []
    return any((x.id if isinstance(x, s.Name) else getattr(x, "name", "")) == name for x in bases)


def _sample_makers(training: Training) -> Iterator[s.Node]:
    """The functions that make samples or put them together: `__getitem__`, `__iter__`, `collate_fn`."""
    for call in _loader_calls(training):
        collate, dataset = call.argument(6, "collate_fn"), call.argument(0, "dataset")
        for item in training.value(collate) if collate is not None else ():
            if item.kind in (Kind.FUNCTION, Kind.METHOD):
                yield item.data[0]
        for item in training.value(dataset) if dataset is not None else ():
            owner = item.data.site if isinstance(item.data, Object) else None
            if isinstance(owner, s.ClassDef):
                yield from (owner.methods()[name] for name in ("__getitem__", "__iter__") if name in owner.methods())


def _function(node: s.Node | None) -> s.Node | None:
    while node is not None and not isinstance(node, (s.FunctionDef, s.Lambda)):
        node = node.parent
    return node


RULES: tuple[type[AdviceRule], ...] = (OwnSampler, OwnStream, MovingDataset, LoaderThread, OwnBatches)
