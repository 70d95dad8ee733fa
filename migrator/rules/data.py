"""Custom datasets, samplers, collate functions, and loaders that are read in a thread."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Iterated
from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training import device_move, moves
from migrator.training.training import Training


class CustomSampler(AdviceRule):
    """Report custom samplers that draw a random order.

    What: `DataLoader(dataset, sampler=MySampler(...))`, where the class draws at random.
    Why: each process takes every N-th batch of the order that the sampler draws. If the processes draw different orders,
    some samples are read twice and others never.
    Safety: never edits.
    Source: Accelerate's `BatchSamplerShard`.
    """

    code = "MIG914"
    name = "custom-sampler"
    effect = Effect.REVIEWS
    reason = "if the processes draw different orders, some samples are read twice and others never"
    help = (
        "draw from a generator with the same seed on every process, for example the seed plus the number of the epoch"
    )

    def sites(self, training: Training) -> Sites:
        for call in _loader_calls(training):
            for position, keyword in ((3, "sampler"), (4, "batch_sampler")):
                given = call.argument(position, keyword)
                if given is None:
                    continue
                for item in training.value(given):
                    if item.kind in (Kind.INSTANCE, Kind.SAMPLER) and _draws(item):
                        yield call, f"`{shown(training, given)}` is a custom sampler that draws a random order"


class CustomIterable(AdviceRule):
    """Report loaders over a custom `IterableDataset`.

    What: a `DataLoader` over a subclass of `IterableDataset`.
    Why: such a dataset has no indices to shard: the main process reads all of it and sends the others their batches. A
    dataset that shards itself would be sharded twice.
    Safety: never edits.
    Source: Accelerate's `dispatch_batches`.
    """

    code = "MIG914"
    name = "iterable-dataset"
    effect = Effect.NOTES
    reason = (
        "the main process reads all of it and sends the others their batches; right, unless the dataset shards itself"
    )
    help = "if it shards itself by rank or by worker, remove that"

    def sites(self, training: Training) -> Sites:
        for call in _loader_calls(training):
            given = call.argument(0, "dataset")
            if given is None:
                continue
            for item in training.value(given):
                if _inherits(item, "IterableDataset"):
                    yield call, f"`{shown(training, given)}` is an `IterableDataset`, which only the main process reads"


class MovingDataset(AdviceRule):
    """Report datasets that move samples to a GPU.

    What: `.cuda()` or `.to(device)` in `__getitem__`, or in a `collate_fn`.
    Why: a prepared loader moves whole batches itself, and worker processes of a loader cannot use the GPU.
    Safety: never edits.
    Source: torch.utils.data, on CUDA in workers.
    """

    code = "MIG914"
    name = "moving-dataset"
    effect = Effect.REVIEWS
    anywhere = True
    reason = "a prepared loader moves whole batches itself, and worker processes of a loader (`num_workers`) cannot use a GPU"
    help = "return tensors on the CPU"

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
                        yield call, f"`{shown(training, call)}` moves single samples to a device"


class LoaderThread(AdviceRule):
    """Report loaders that are read in a separate thread.

    What: `threading.Thread(target=fill, args=(loader,))`.
    Why: a prepared loader records when the last batch was read, for gradient accumulation. A thread reads batches before
    they are trained on, so the record is too early.
    Safety: never edits.
    Source: Accelerate's `GradientState`.
    """

    code = "MIG914"
    name = "loader-thread"
    effect = Effect.REVIEWS
    reason = (
        "a prepared loader records when the last batch was read, for gradient accumulation; a thread reads batches before "
        "they are trained on, so the record is too early"
    )
    help = "read ahead with the loader's workers instead (`num_workers`, `prefetch_factor`)"

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
                yield call, f"`{shown(training, call)}` reads batches in a separate thread"


class CustomBatches(AdviceRule):
    """Report loaders whose batches `prepare` may not move.

    What: a `collate_fn` that returns an object of a custom class, or something that could not be analysed.
    Why: a prepared loader moves tensors, and tensors in tuples, lists and dicts, but no other objects.
    Safety: never edits. The moves of such batches (`.to(device)`) are kept.
    Source: Accelerate's `send_to_device`.
    """

    code = "MIG908"
    name = "custom-batches"
    effect = Effect.NOTES
    reason = "harmless: a prepared loader may not move such batches, so the script's `.to(device)` is kept"

    def sites(self, training: Training) -> Sites:
        for item in training.components.loaders:
            call = item.site
            if item.kind is Kind.LOADER and isinstance(call, s.Call) and call.argument(6, "collate_fn") is not None:
                if not moves._collates_plainly(training, item):
                    yield call, f"`{shown(training, call)}` has a `collate_fn` whose batches could not be analysed"


def _loader_calls(training: Training) -> Iterator[s.Call]:
    for item in training.components.loaders:
        if item.kind is Kind.LOADER and isinstance(item.site, s.Call):
            yield item.site


def _draws(item: Object) -> bool:
    """Whether a custom sampler draws its order at random."""
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


RULES: tuple[type[AdviceRule], ...] = (CustomSampler, CustomIterable, MovingDataset, LoaderThread, CustomBatches)
