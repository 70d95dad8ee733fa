"""Where what is read from a checkpoint comes to lie."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Object, Value
from migrator.rules.advice import AdviceRule, Sites, shown
from migrator.rules.change import Level
from migrator.source import syntax as s
from migrator.training.training import Training


class SavedDevice(AdviceRule):
    """Say on which device saved weights come back.

    What: `model.load_state_dict(torch.load("last.pt"))`.
    Why: without `map_location` every tensor comes back where it was saved: what the main process wrote, each of N
    processes reads into the memory of the first GPU before it copies it to its own.
    Safety: nothing is edited; tensors that are read and not loaded into anything are left out.
    Source: torch.load.
    """

    code = "MIG507"
    name = "saved-device"
    level = Level.NOTE
    once = True
    anywhere = True
    reason = "tensors come back on the device that they were saved from, for every process the first GPU"
    help = 'add `map_location="cpu"`; `load_state_dict` copies to where the parameters are'

    def sites(self, training: Training) -> Sites:
        loaded = set(_loaded(training)) if training.required else set()
        for _, call in training.calls.get("torch.load", ()):
            is_told = call.argument(1, "map_location") or any(arg.star for arg in call.args)
            if call in loaded and not is_told:
                yield call, f"`{shown(training, call)}` reads to the device that was saved from"


def _loaded(training: Training) -> Iterator[s.Node]:
    """The calls whose results some `load_state_dict` takes, whole or in part."""
    for module in training.modules:
        for call in module.nodes(s.Call):
            if isinstance(call.func, s.Attribute) and call.func.name == "load_state_dict":
                for arg in call.args:
                    yield from _makers(training.value(arg.value))


def _makers(value: Value) -> Iterator[s.Node]:
    """The places where objects were made, and those that they are parts of."""
    todo: list[Object] = list(value)
    seen: set[Object] = set()
    while todo:
        item = todo.pop()
        if item not in seen:
            seen.add(item)
            todo += item.of
            yield item.site


RULES: tuple[type[AdviceRule], ...] = (SavedDevice,)
