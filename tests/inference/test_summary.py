"""A summary of a call stands for walking into it: the same facts, from fewer statements that are executed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from migrator.inference import function
from migrator.inference import interpret as module
from migrator.inference.interpret import interpret
from migrator.inference.interpreter import Interpreter
from migrator.inference.program import Program
from migrator.source.module import Module
from migrator.source.text import make_source

TRAIN = """\
import torch

def step(model, optimizer, batch, log):
    loss = model(batch).mean()
    if loss > 0:
        log.append(loss)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss

def train(epochs, loader):
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses, last = [], None
    for epoch in range(epochs):
        for batch in loader:
            last = step(model, optimizer, batch, losses)
    return model

for trial in range(3):
    train(2, torch.utils.data.DataLoader(torch.ones(8, 4)))
"""


def _walk() -> Interpreter:
    return interpret(Program(Module(make_source("train.py", TRAIN)), lambda path: None))


def _facts(interpreter: Interpreter) -> tuple[object, ...]:
    where = interpreter.program.entry.where
    values = {(where(node), str(sorted(map(str, value)))) for node, value in interpreter.trace.values.items()}
    events = {(type(event), where(event.node), str(event.item)) for event in interpreter.trace.events}
    return values, events, interpreter.steps


def test_it_gives_what_the_walk_would_find(monkeypatch: pytest.MonkeyPatch) -> None:
    with_summaries = _facts(_walk())
    monkeypatch.setattr(function, "known_summary", lambda interpreter, key: None)
    assert _facts(_walk()) == with_summaries


def test_a_call_that_finds_nothing_new_is_not_walked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[object] = []

    def counted(known: Callable[[Interpreter, object], None]) -> Callable[[Interpreter, object], None]:
        def run(interpreter: Interpreter, node: object) -> None:
            executed.append(node)
            known(interpreter, node)

        return run

    recursion = module._RECURSION
    executors = {kind: counted(known) for kind, known in recursion.executors.items()}
    monkeypatch.setattr(module, "_RECURSION", replace(recursion, executors=executors))
    interpreter = _walk()
    assert len(executed) < 0.9 * interpreter.steps
