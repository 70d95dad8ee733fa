"""The notation for what a script trains with: `# training: step`, a comment in each line that takes part.

    model = Net()  # training: trained model              what `--roles` says of an object, in the line that makes it
    scheduler = StepLR(optimizer)  # training: scheduler per epoch
    for x, y in loader:  # training: loop; draw           loops around a backward, and draws from a training loader
        loss = f(model(x), y)  # training: forward        forwards of a trained model, within a loop around a backward
        loss.backward()  # training: backward of model    the trained models that the loss depends on
        optimizer.step()  # training: step                of an optimizer or a scheduler
    run(model)  # training: prepare model, optimizer      what has to be prepared before this statement is reached
    main()  # training: obstacle                          what stands in the way where nothing can be prepared

Of all lines of a script, these and no others take part.
"""

from __future__ import annotations

from collections import defaultdict

from migrator.inference.explain import bindings
from migrator.inference.objects import Object
from migrator.inference.program import Program
from migrator.inference.trace import Called, Forwarded, Iterated
from migrator.source.module import Module
from migrator.source.text import make_source
from migrator.training.binding_sites import place_text
from migrator.training.explain import parts
from migrator.training.training import Training, analyse
from migrator.training.use import training_uses
from tests.inference.notation import comments

_WORDS = {Iterated: "draw", Called: "step", Forwarded: "forward"}


def said(text: str) -> dict[int, set[str]]:
    """Give what a script says of its lines."""
    return {line: {fact.strip() for fact in said.split(";")} for line, said in comments(text, "training")}


def found(text: str) -> dict[int, set[str]]:
    """Give what the training model says of a script's lines."""
    module = Module(make_source("train.py", text))
    return dict(_Found(module, analyse(Program(module, lambda path: None))).lines)


class _Found:
    def __init__(self, module: Module, training: Training) -> None:
        self.module, self.training = module, training
        self.names: dict[Object, str] = {}
        for _, _, name, value in bindings(training.before):
            for item in value:
                self.names.setdefault(item, name)
        self.lines: dict[int, set[str]] = defaultdict(set)
        self._add_parts()
        self._add_steps()
        self._add_placements()

    def _add(self, node, fact: str) -> None:
        self.lines[self.module.where(node)[0]].add(fact)

    def _add_parts(self) -> None:
        for part in parts(self.training):
            cadence = self.training.components.schedulers.get(part.item)
            self._add(part.node, part.name if cadence is None else f"{part.name} per {cadence}")

    def _add_steps(self) -> None:
        components = self.training.components
        for event in components.backwards:
            owners = sorted(self.names[x.raw] for x in event.roots if x.raw in components.models)
            self._add(event.node, f"backward of {', '.join(owners) or 'nothing'}")
        for loop in components.loops:
            self._add(loop, "loop")
        for item in [*components.models, *components.optimizers, *components.loaders, *components.schedulers]:
            for event in training_uses(components, item):
                self._add(event.node, _WORDS[type(event)])

    def _add_placements(self) -> None:
        placement = self.training.placement
        for group in placement.placements:
            names = ", ".join(place_text(self.module, target.node) for target in group.targets)
            if group.index < len(group.block.statements):
                self._add(group.block.statements[group.index], f"prepare {names}")
            else:
                self._add(group.block.statements[-1], f"prepare {names} after")
        for inline in placement.wrapped_in_place:
            self._add(inline.node, "prepare here")
        for obstacle in placement.obstacles:
            self._add(obstacle.node, "obstacle")
