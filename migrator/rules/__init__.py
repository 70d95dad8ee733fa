"""Floor 4: one file per family, pure questions to the training model. ``CATALOGUE`` lists every rule once."""

from migrator.rules import backward, blockers, checkpoint, console, device, parallel, prepare, scaffold
from migrator.rules.rule import Rule

CATALOGUE: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule()
            for rules in (
                scaffold.RULES,
                device.RULES,
                prepare.RULES,
                (backward.Backward, backward.AutogradGrad),
                blockers.RULES,
                checkpoint.RULES,
                console.RULES,
                parallel.RULES,
            )
            for rule in rules
        ),
        key=lambda rule: rule.code,
    )
)
