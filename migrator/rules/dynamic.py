"""Code that is put together while it runs."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.rules.advice import AdviceRule, Sites, shown
from migrator.source import syntax as s
from migrator.training.training import Training


class Dynamic(AdviceRule):
    """Report what is trained and comes of code that cannot be read beforehand.

    What: `model = eval(args.arch)()`, `optimizer = hydra.utils.instantiate(config.optimizer)`.
    Why: what it is was told from its use alone.
    Safety: nothing is edited besides what the use licences.
    Source: contract, P3.
    """

    code = "MIG916"
    name = "dynamic"
    reason = "what it makes cannot be seen, and was told from its use alone"
    help = "check that it is what it was taken for (`migrate --roles`)"

    def sites(self, training: Training) -> Sites:
        for item in training.required:
            node = item.site
            parts = node.walk() if isinstance(node, s.Call) else ()
            if any(isinstance(x, s.Call) and _is_dynamic(training, x) for x in parts):
                yield node, f"`{shown(training, node)}` was taken for a {item.kind.value}"


class UnseenModel(AdviceRule):
    """Stop where an optimizer has the parameters of something that nobody can see.

    What: `model = eval(name)()`, `model = queue.get()`, and then `Adam(model.parameters())`.
    Why: a model that is not recognised would not be prepared: each process would train its own.
    Safety: reported only; the program is left alone.
    Source: contract, P3.
    """

    code = "MIG916"
    name = "unseen-model"
    blocks = True
    reason = "it would not be prepared, so that each process would train a model of its own"
    help = "build the model where its class can be seen"

    def sites(self, training: Training) -> Sites:
        for item in training.components.optimizers:
            for call in item.site.walk() if isinstance(item.site, s.Call) else ():
                func = call.func if isinstance(call, s.Call) else None
                if isinstance(func, s.Attribute) and func.name in ("parameters", "named_parameters"):
                    if {x.kind for x in training.value(func.value)} <= {Kind.ANY, Kind.UNBOUND}:
                        yield call, f"`{shown(training, func.value)}` was not recognised as a model"


class ExecutedText(AdviceRule):
    """Report code that is executed from a text.

    What: `exec(open("configurator.py").read())`.
    Why: what it binds is not seen; a device or a flag that it sets anew may go against the Accelerator.
    Safety: reported only.
    Source: contract, P3.
    """

    code = "MIG916"
    name = "executed-text"
    reason = "a device that is set there may go against the Accelerator's, and nobody can see what else is"
    help = "leave the device out of it, or read the settings by `argparse`"

    def sites(self, training: Training) -> Sites:
        for _, call in training.calls.get("exec", []):
            yield call, f"`{shown(training, call)}` may bind any name anew"


def _is_dynamic(training: Training, call: s.Call) -> bool:
    if isinstance(call.func, s.Name) and call.func.id in ("eval", "exec"):
        return True
    names = [str(x.data) for x in training.value(call.func)]
    return any(name in ("hydra.utils.instantiate", "hydra.utils.call") for name in names)


RULES: tuple[type[AdviceRule], ...] = (Dynamic, UnseenModel, ExecutedText)
