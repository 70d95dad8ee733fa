"""The device to which a checkpoint is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.objects import Object, Value
from migrator.rules.advice import AdviceRule, Sites, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training


class SavedDevice(AdviceRule):
    """Report checkpoints that are loaded without `map_location`.

    What: `model.load_state_dict(torch.load("last.pt"))`.
    Why: without `map_location`, tensors are restored to the device they were saved on. All N processes would load them
    into the memory of the first GPU before copying them to their own.
    Safety: never edits. Only checkpoints that are passed to `load_state_dict` are reported.
    Source: torch.load.
    """

    code = "MIG507"
    name = "saved-device"
    effect = Effect.NOTES
    once = True
    anywhere = True
    reason = "every process loads them into the memory of the first GPU before copying them to its own"
    help = 'add `map_location="cpu"`; `load_state_dict` then copies the tensors to the device of the model'

    def sites(self, training: Training) -> Sites:
        loaded = set(_loaded(training)) if training.required else set()
        for _, call in training.calls.get("torch.load", ()):
            is_told = call.argument(1, "map_location") or any(arg.star for arg in call.args)
            if call in loaded and not is_told:
                yield call, f"`{shown(training, call)}` restores tensors to the device they were saved on"


def _loaded(training: Training) -> Iterator[s.Node]:
    """The calls whose results, or parts of them, are passed to `load_state_dict`."""
    for module in training.modules:
        for call in module.nodes(s.Call):
            if isinstance(call.func, s.Attribute) and call.func.name == "load_state_dict":
                for arg in call.args:
                    yield from _makers(training.value(arg.value))


def _makers(value: Value) -> Iterator[s.Node]:
    """The places where objects, and those that they are parts of, are created."""
    todo: list[Object] = list(value)
    seen: set[Object] = set()
    while todo:
        item = todo.pop()
        if item not in seen:
            seen.add(item)
            todo += item.of
            yield item.site


RULES: tuple[type[AdviceRule], ...] = (SavedDevice,)
