"""Random seeds."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.advice import AdviceRule, Sites, calls_of, shown
from migrator.rules.change import Level
from migrator.source import syntax as s
from migrator.training.training import Training


class Seed(AdviceRule):
    """Say what a seed means on several processes.

    What: `torch.manual_seed(0)`, `random.seed(0)`, `np.random.seed(0)`.
    Why: every process draws the same numbers: the same initial weights, which is right, and the same dropout masks and
    augmentations for different samples, which is harmless as a rule.
    Safety: nothing is edited.
    Source: torch.manual_seed; Accelerate's `set_seed(device_specific=True)`.
    """

    code = "MIG701"
    name = "seed"
    level = Level.NOTE
    once = True
    reason = "initial weights agree, and dropout and augmentation repeat from process to process"
    help = "where they should differ, add `accelerator.process_index` to the seed after the model is built"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.(random\.)?manual_seed|numpy\.random\.seed|random\.seed"):
            if not any("rank" in word for arg in call.args for word in _words(arg.value)):
                yield call, f"`{shown(training, call)}` seeds every process alike"


def _words(node: s.Node) -> Iterator[str]:
    """The names within an expression."""
    for part in node.walk():
        if isinstance(part, (s.Name, s.Attribute)):
            yield part.id if isinstance(part, s.Name) else part.name


RULES: tuple[type[AdviceRule], ...] = (Seed,)
