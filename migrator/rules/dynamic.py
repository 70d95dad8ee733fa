"""Code that is only known at run time: `eval`, `exec`, configured classes."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.rules.advice import AdviceRule, Sites, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training


class Dynamic(AdviceRule):
    """Report models, optimizers and loaders whose class is only known at run time.

    What: `model = eval(args.arch)()`, `optimizer = hydra.utils.instantiate(config.optimizer)`.
    Why: their kind was inferred from how the script uses them, which may be wrong.
    Safety: never edits; other rules treat the object as what it was inferred to be.
    Source: README, "Limits".
    """

    code = "MIG916"
    name = "dynamic"
    effect = Effect.REVIEWS
    reason = "its class is only known at run time, so its kind was inferred from how the script uses it"
    help = "check that this is right (`migrate --roles` shows why)"

    def sites(self, training: Training) -> Sites:
        for item in training.required:
            node = item.site
            parts = node.walk() if isinstance(node, s.Call) else ()
            if any(isinstance(x, s.Call) and _is_dynamic(training, x) for x in parts):
                yield node, f"`{shown(training, node)}` is treated as a {item.kind.value}"


class UnseenModel(AdviceRule):
    """Report optimizers whose parameters come from an object that was not recognised as a model.

    What: `model = eval(name)()`, `model = queue.get()`, and then `Adam(model.parameters())`.
    Why: a model that is not recognised would not be prepared, so the replicas would diverge.
    Safety: blocks the program; none of its files is changed.
    Source: README, "Limits".
    """

    code = "MIG916"
    name = "unseen-model"
    effect = Effect.BLOCKS
    reason = "it would not be prepared, so the replicas would diverge"
    help = "build the model by calling its class or a function in the given files, or name what makes it under [tool.migrate.makes]"

    def sites(self, training: Training) -> Sites:
        for item in training.components.optimizers:
            for call in item.site.walk() if isinstance(item.site, s.Call) else ():
                func = call.func if isinstance(call, s.Call) else None
                if isinstance(func, s.Attribute) and func.name in ("parameters", "named_parameters"):
                    if {x.kind for x in training.value(func.value)} <= {Kind.ANY, Kind.UNBOUND}:
                        yield call, f"`{shown(training, func.value)}` was not recognised as a model"


class ExecutedText(AdviceRule):
    """Report code that is executed from a string.

    What: `exec(open("configurator.py").read())`.
    Why: the executed text may set a device, or anything else; it cannot be analysed.
    Safety: never edits.
    Source: README, "Limits".
    """

    code = "MIG916"
    name = "executed-text"
    effect = Effect.REVIEWS
    reason = "the executed text may set a device, or anything else; it cannot be analysed"
    help = "set no device in it, or read the settings with `argparse`"

    def sites(self, training: Training) -> Sites:
        for _, call in training.calls.get("exec", []):
            yield call, f"`{shown(training, call)}` may assign any variable"


def _is_dynamic(training: Training, call: s.Call) -> bool:
    if isinstance(call.func, s.Name) and call.func.id in ("eval", "exec"):
        return True
    names = [str(x.data) for x in training.value(call.func)]
    return any(name in ("hydra.utils.instantiate", "hydra.utils.call") for name in names)


RULES: tuple[type[AdviceRule], ...] = (Dynamic, UnseenModel, ExecutedText)
