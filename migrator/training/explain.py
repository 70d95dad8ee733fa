"""The second part of `--roles`: the role of each object in the training, with the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrator.inference.objects import Object
from migrator.training.use import first_use

if TYPE_CHECKING:
    from migrator.training.training import Training

_CADENCE = {
    "batch": "stepped for each batch, so it is prepared",
    "epoch": "stepped once an epoch, so it is not prepared",
    "metric": "stepped with a metric, so it is not prepared",
    "mixed": "stepped both for each batch and outside of the loop",
}


def explain_components(training: Training) -> str:
    """Give one line for each object of the training: where it is created, its role, and its first use in the training."""
    return "\n".join(dict.fromkeys(_lines(training)))


def _lines(training: Training) -> Iterator[str]:
    components = training.components
    for item in components.models:
        owners = [x for x in components.optimizers if item in {owner.raw for owner in x.of}]
        by = f"`{owners[0].label}` steps its parameters" if owners else "a loss depends on it"
        yield _line(training, item, f"trained model: {by}")
    for item in components.optimizers:
        yield _line(training, item, "optimizer of the training: its `step` is called")
    for item in components.loaders:
        yield _line(training, item, "training loader: a training loop reads its batches")
    for item in components.drawn_loaders():
        if item not in components.loaders:
            yield _line(training, item, "evaluation loader: no training loop reads its batches")
    for item, cadence in components.schedulers.items():
        yield _line(training, item, f"scheduler: {_CADENCE[cadence]}")


def _line(training: Training, item: Object, part: str) -> str:
    node = item.site if item.site is not None else training.components.by_item[item][0].node
    module = training.module_of(node)
    use = first_use(training.components, item)
    where = ""
    if use is not None:
        home = training.module_of(use.node)
        file = "" if home is module else f"{home.source.path}:"
        where = f" ({file}{'' if file else 'line '}{home.where(use.node)[0]})"
    return f"{module.source.path}:{module.where(node)[0]}: `{item.label}`  {part}{where}"
