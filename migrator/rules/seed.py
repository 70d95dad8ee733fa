"""Random seeds."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training


class Seed(AdviceRule):
    """Report random seeds, which are the same on all processes.

    What: `torch.manual_seed(0)`, `random.seed(0)`, `np.random.seed(0)`.
    Why: every process draws the same random numbers: the same initial weights, which is right, and the same dropout masks
    and augmentations for different samples, which is usually harmless.
    Safety: never edits.
    Source: torch.manual_seed; Accelerate's `set_seed(device_specific=True)`.
    """

    code = "MIG701"
    name = "seed"
    effect = Effect.NOTES
    once = True
    reason = "usually harmless: initial weights must be equal; dropout masks and augmentations are equal on all processes as well"
    help = "for different augmentations, seed again with `seed + accelerator.process_index` after the model is created"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.(random\.)?manual_seed|numpy\.random\.seed|random\.seed"):
            if not any("rank" in word for arg in call.args for word in _words(arg.value)):
                yield call, f"`{shown(training, call)}` sets the same seed on every process"


def _words(node: s.Node) -> Iterator[str]:
    """The names within an expression."""
    for part in node.walk():
        if isinstance(part, (s.Name, s.Attribute)):
            yield part.id if isinstance(part, s.Name) else part.name


RULES: tuple[type[AdviceRule], ...] = (Seed,)
