"""The second part of `--roles`: the role of each object in the training, with the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from migrator.inference.objects import Object
from migrator.source import syntax as s
from migrator.training.training import Training
from migrator.training.use import first_use

_CADENCE = {
    "batch": "stepped for each batch, so it is prepared",
    "epoch": "stepped once an epoch, so it is not prepared",
    "metric": "stepped with a metric, so it is not prepared",
    "mixed": "stepped both for each batch and outside of the loop",
}


class Part(NamedTuple):
    """An object of the training, what it is there, and what shows it."""

    item: Object
    node: s.Node  # what makes it, else where it is first seen
    name: str
    evidence: str


def explain_components(training: Training) -> str:
    """Give one line for each object of the training: where it is created, its role, and its first use in the training."""
    return "\n".join(dict.fromkeys(_line(training, part) for part in parts(training)))


def parts(training: Training) -> Iterator[Part]:
    """Give each object of the training with the part that it plays."""
    components = training.components
    for item in components.models:
        owners = [x for x in components.optimizers if item in {owner.raw for owner in x.of}]
        by = f"`{owners[0].label}` steps its parameters" if owners else "a loss depends on it"
        yield _part(training, item, "trained model", by)
    for item in components.optimizers:
        yield _part(training, item, "optimizer of the training", "its `step` is called")
    for item in components.loaders:
        yield _part(training, item, "training loader", "a training loop reads its batches")
    for item in components.drawn_loaders():
        if item not in components.loaders:
            yield _part(training, item, "evaluation loader", "no training loop reads its batches")
    for item, cadence in components.schedulers.items():
        yield _part(training, item, "scheduler", _CADENCE[cadence])


def _part(training: Training, item: Object, name: str, evidence: str) -> Part:
    node = item.site if item.site is not None else training.components.by_item[item][0].node
    return Part(item, node, name, evidence)


def _line(training: Training, part: Part) -> str:
    module = training.module_of(part.node)
    use = first_use(training.components, part.item)
    where = ""
    if use is not None:
        home = training.module_of(use.node)
        file = "" if home is module else f"{home.source.path}:"
        where = f" ({file}{'' if file else 'line '}{home.where(use.node)[0]})"
    return (
        f"{module.source.path}:{module.where(part.node)[0]}: `{part.item.label}`  {part.name}: {part.evidence}{where}"
    )
