"""Every use of an object: a gradient scaler, followed through scripts that hold it in different ways."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from migrator.inference.objects import Kind
from migrator.inference.program import Program
from migrator.source.module import Module
from migrator.source.text import make_source
from migrator.training import object_use as u
from migrator.training.training import Training, analyse

FRAME = """
import copy, functools, pickle
from dataclasses import dataclass
import torch
from torch import nn
from unseen import helper, registry
from data import loader

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = model(loader).sum()
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A script that makes a scaler, and every use of it: by kind, with what the kind adds; "lost" is not followed."""

    title: str
    script: str
    expected: tuple[str, ...]


CASES = (
    Case(
        "methods",
        """
scaler = torch.cuda.amp.GradScaler()
scaler.scale(loss).backward()
scaler.unscale_(optimizer)
scaler.step(optimizer)
scaler.update()
print(scaler.get_scale())
""",
        (
            "Bound scaler",
            "MethodCall scale",
            "MethodCall unscale_",
            "MethodCall step",
            "MethodCall update",
            "MethodCall get_scale",
        ),
    ),
    Case(
        "checkpoint of its state",
        """
scaler = torch.amp.GradScaler("cuda")
torch.save({"scaler": scaler.state_dict()}, "x.pt")
scaler.load_state_dict(torch.load("x.pt")["scaler"])
""",
        ("Bound scaler", "MethodCall state_dict", "MethodCall load_state_dict"),
    ),
    Case(
        "checkpoint of the object",
        """
scaler = torch.amp.GradScaler("cuda")
torch.save({"scaler": scaler}, "x.pt")
torch.save(scaler, "y.pt")
""",
        ("Bound scaler", "Contained", "Saved", "Saved"),
    ),
    Case(
        "argument of a function that is seen",
        """
def train(model, scaler=None):
    scaler.step(optimizer)
train(model, scaler=torch.cuda.amp.GradScaler())
""",
        ("Passed", "MethodCall step"),
    ),
    Case(
        "argument of code that is not seen",
        """
scaler = torch.cuda.amp.GradScaler()
helper.train(model, scaler)
pickle.dump(scaler, open("x", "wb"))
copied = copy.deepcopy(scaler)
""",
        (
            "Bound scaler",
            "Passed unseen.helper.train lost",
            "Passed pickle.dump lost",
            "Passed copy.deepcopy lost",
            "Bound copied",
        ),
    ),
    Case(
        "argument of one of two functions, one of them not seen",
        """
def train(model, scaler):
    scaler.update()
step = train if len(loader) else helper.train
step(model, torch.cuda.amp.GradScaler())
""",
        ("Passed lost", "MethodCall update"),
    ),
    Case(
        "attribute of a trainer",
        """
class Trainer:
    def __init__(self):
        self.scaler = torch.cuda.amp.GradScaler()
    def step(self):
        self.scaler.step(optimizer)
        self.helper(self.scaler)
    def helper(self, scaler):
        self.scaler.update()
Trainer().step()
""",
        ("Bound self.scaler", "MethodCall step", "Passed", "MethodCall update"),
    ),
    Case(
        "attribute of a thing that is not seen",
        """
scaler = torch.cuda.amp.GradScaler()
engine = helper.Engine()
engine.scaler = scaler
registry["scaler"] = scaler
""",
        ("Bound scaler", "Bound engine.scaler lost", "Contained lost"),
    ),
    Case(
        "wrapper class that is called",
        """
class Scaler:
    def __init__(self):
        self._scaler = torch.cuda.amp.GradScaler()
    def __call__(self, loss, optimizer):
        self._scaler.scale(loss).backward()
        self._scaler.step(optimizer)
    def state_dict(self):
        return self._scaler.state_dict()
loss_scaler = Scaler()
loss_scaler(loss, optimizer)
torch.save({"scaler": loss_scaler.state_dict()}, "x.pt")
""",
        ("Bound self._scaler", "MethodCall scale", "MethodCall step", "MethodCall state_dict"),
    ),
    Case(
        "method that is looked up by name",
        """
scaler = torch.cuda.amp.GradScaler()
getattr(scaler, "step")(optimizer)
step = scaler.step
step(optimizer)
""",
        ("Bound scaler", "Passed getattr lost", "AttributeRead step"),
    ),
    Case(
        "elements of a list",
        """
scalers = [torch.cuda.amp.GradScaler() for _ in range(2)]
scalers[0].step(optimizer)
for scaler, other in zip(scalers, [optimizer]):
    scaler.update()
""",
        ("Contained", "MethodCall step", "MethodCall update"),
    ),
    Case(
        "list that code gets which is not seen",
        """
parts = [torch.cuda.amp.GradScaler(), optimizer]
more = {}
more["scaler"] = parts[0]
helper.run(parts)
pickle.dump(more, open("x", "wb"))
""",
        (
            "Contained",
            "Passed unseen.helper.run lost",
            "Contained",
            "Passed pickle.dump lost",
        ),
    ),
    Case(
        "list that is filled",
        """
scaler, parts = torch.cuda.amp.GradScaler(), []
parts.append(scaler)
for part in parts:
    part.update()
""",
        ("Contained", "Contained", "MethodCall update"),
    ),
    Case(
        "on a condition",
        """
scaler = torch.cuda.amp.GradScaler() if torch.cuda.is_available() else None
if scaler is not None and scaler:
    scaler.update()
if not scaler:
    raise ValueError(scaler)
print(isinstance(scaler, torch.cuda.amp.GradScaler), f"{scaler}")
""",
        (
            "Bound scaler shared",
            "Compared shared",
            "Tested shared",
            "MethodCall update shared",
            "Tested shared",
            "Passed ValueError lost shared",
            "Inspected isinstance shared",
            "Unclassified shared",
        ),
    ),
    Case(
        "result of a factory",
        """
def build():
    scaler = torch.cuda.amp.GradScaler()
    return model, scaler
def unused():
    return torch.cuda.amp.GradScaler("unused")
_, scaler = build()
scaler.update()
""",
        ("Bound scaler", "Contained", "MethodCall update"),
    ),
    Case(
        "returned to nobody who is seen",
        """
def build():
    return torch.cuda.amp.GradScaler()
helper.register(build)
""",
        ("Returned lost",),
    ),
    Case(
        "bound in advance",
        """
def train(model, scaler, optimizer):
    scaler.update()
step = functools.partial(train, model, torch.cuda.amp.GradScaler())
step(optimizer)
""",
        ("Passed functools.partial", "MethodCall update"),
    ),
    Case(
        "field of a dataclass",
        """
@dataclass
class State:
    scaler: object
state = State(torch.cuda.amp.GradScaler())
state.scaler.update()
state.scaler.enabled = False
""",
        ("Passed", "MethodCall update", "AttributeWrite enabled"),
    ),
    Case(
        "arguments by stars",
        """
def train(*parts, **options):
    parts[1].update()
    options["other"].step(optimizer)
train(model, torch.cuda.amp.GradScaler(), other=optimizer)
""",
        ("Passed", "MethodCall update"),
    ),
    Case(
        "context, decorator, plain statement",
        """
scaler = torch.cuda.amp.GradScaler()
with scaler as inner:
    pass
@scaler
def train():
    pass
scaler
""",
        ("Bound scaler", "Entered", "ObjectCall", "Discarded"),
    ),
)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in CASES])
def test_every_use_of_a_scaler_is_given(case: Case) -> None:
    training = _training(FRAME + case.script)
    scaler = training.after.heap.those(Kind.SCALER)[0]
    assert tuple(_told(use) for use in training.uses(scaler)) == case.expected


def test_uses_after_prepare_belong_to_the_object_that_was_prepared() -> None:
    training = _training(
        FRAME + "from runtime import Accelerator\naccelerator = Accelerator()\n"
        "model = accelerator.prepare(model)\nmodel.train()\nmodel(1)\n"
    )
    model = training.after.heap.those(Kind.MODEL)[0]
    told = [_told(use) for use in training.uses(model)]
    assert told[-5:] == ["Passed", "Bound model", "MethodCall train", "Discarded", "ObjectCall"]


def _training(text: str) -> Training:
    module = Module(make_source("train.py", text))
    return analyse(Program(module, lambda path: None))


def _told(use: u.Use) -> str:
    match use:
        case u.MethodCall(name=name) | u.AttributeRead(name=name) | u.AttributeWrite(name=name):
            more = name
        case u.Bound(target=target):
            more = use.module.text(target)
        case u.Passed(function=name) | u.Inspected(function=name):
            more = name
        case _:
            more = ""
    lost = "lost" if isinstance(use, u.Flow) and not use.followed else ""
    return " ".join(filter(None, (type(use).__name__, more, lost, "" if use.alone else "shared")))
