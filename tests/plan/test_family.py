"""A family joins the plan with its own file and nothing else: a rule that rewrites gradient scalers, as an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import dedent

import pytest

from migrator.config import Settings
from migrator.inference.objects import Kind
from migrator.project.analysis import Selection, analysed, asked, make_plan
from migrator.project.sources import ExternalUsers, SourceStore
from migrator.report.report import FileReport
from migrator.report.shape import file_reports
from migrator.rules.catalogue import CHECKS
from migrator.rules.change import ACCELERATOR, Argument, Change, Level, Step, Way
from migrator.rules.fact import FOR_PREPARED
from migrator.rules.rule import Rule
from migrator.rules.scaler import Autocast, GradScaler
from migrator.source import syntax as s
from migrator.source.block import Drop, Operation, Replace
from migrator.source.edit import apply
from migrator.source.span import Span
from migrator.source.text import make_source
from migrator.training.object_use import Bound, MethodCall
from migrator.training.training import Training

SCRIPT = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler()
for x, y in DataLoader(dataset):
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
"""


class Rewritten(Rule):
    """Take a gradient scaler away, and let the Accelerator scale."""

    code = "MIG303"
    name = "grad-scaler"

    def check(self, training: Training) -> Iterator[Change]:
        kept = {x.node: x for x in GradScaler().check(training)}
        for scaler in training.after.heap.those(Kind.SCALER):
            made = scaler.site
            assert isinstance(made, s.Call)
            module, uses = training.module_of(made), [x for x in training.uses(scaler) if not isinstance(x, Bound)]
            calls = [use for use in uses if isinstance(use, MethodCall)]
            steps = [Step(module, made, Drop(made.statement))]
            steps += [Step(use.module, use.call, x) for use in calls for x in self._edits(use)]
            autocasts = [x for x in Autocast().check(training) for x in x.covers]
            for call in autocasts:
                steps.append(Step(module, call, Replace(module.span(call), f"{ACCELERATOR}.autocast()")))
            yield Change(
                self.code, module, made, "Let the Accelerator scale the loss", tuple(steps),
                level=Level.SAFE if len(calls) == len(uses) and all(map(self._edits, calls)) else Level.UNSAFE,
                requires=FOR_PREPARED, covers=frozenset({made.statement, *autocasts, *(use.call for use in calls)}),
                arguments=(Argument("mixed_precision", (Way('"fp16"'),)),),
                elides=frozenset(use.call for use in calls if use.name == "scale"), fallback=kept.get(made),
            )  # fmt: skip

    def _edits(self, use: MethodCall) -> list[Operation]:
        span = use.module.span(use.call)
        if use.name == "update":
            return [Drop(use.call.statement)]
        if use.name not in ("scale", "step"):
            return []
        argument = use.module.outer(use.call.args[0].value)
        tail = ".step()" if use.name == "step" else ""
        return [Replace(Span(span.start, argument.start), ""), Replace(Span(argument.end, span.end), tail)]


RULES = (*(rule for rule in CHECKS if not isinstance(rule, GradScaler)), Rewritten())


def migrated(text: str, rules: Sequence[Rule] = RULES, **settings: object) -> FileReport:
    """Migrate a script with the family in the place of the one that keeps scalers."""
    sources = SourceStore(Settings(**settings))  # type: ignore[arg-type]
    sources.put("train.py", text.encode())
    sources.texts["train.py"] = make_source("train.py", text)
    training, changes = asked(analysed(sources.module("train.py"), sources), rules)
    selection = Selection(training, sources)
    plan = make_plan(training, changes, sources, selection, ExternalUsers(sources, training, frozenset()))
    texts = {module: apply(module.source.text, edits) for module, edits in plan.edits.items()}
    (file,) = file_reports(plan, texts, selection.ignores, selection.takes_code, training.module_of)
    return file


def test_it_is_rewritten_whole_with_its_argument() -> None:
    file = migrated(SCRIPT)
    assert file.text is not None
    assert 'accelerator = Accelerator(mixed_precision="fp16")' in file.text
    assert "scaler" not in file.text
    loop = """\
        with accelerator.autocast():
            loss = nn.functional.mse_loss(model(x), y)
        accelerator.backward(loss)
        optimizer.step()
    """
    assert dedent(loop) in dedent(file.text[file.text.index("    with accelerator") :])


def test_other_findings_about_what_it_takes_away_fall_silent() -> None:
    assert [item.code for item in migrated(SCRIPT).items if "utocast" in item.message] == []


@pytest.mark.parametrize("how", ["not selected", "a use that it does not know"])
def test_it_gives_way_to_its_fallback_and_nothing_comes_out_by_halves(how: str) -> None:
    odd = how != "not selected"
    text = SCRIPT + "    print(scaler.get_scale())\n" if odd else SCRIPT
    file = migrated(text) if odd else migrated(text, ignore=("MIG303",))
    assert file.text is not None
    assert "accelerator = Accelerator()\n" in file.text
    assert "accelerator.backward(scaler.scale(loss))" in file.text
    assert "scaler.step(optimizer)" in file.text
    assert [item.applied for item in file.items if item.code == "MIG303"] == ([False] if odd else [])


def test_two_families_that_want_different_accelerators_do_not_both_stand() -> None:
    class Other(Rule):
        """Ask for another precision."""

        code, name = "MIG305", "half"

        def check(self, training: Training) -> Iterator[Change]:
            call = training.program.entry.nodes(s.Call)[0]
            argument = Argument("mixed_precision", (Way('"bf16"'),))
            yield Change(
                self.code, training.program.entry, call, "bf16", (), requires=FOR_PREPARED, arguments=(argument,)
            )

    text = migrated(SCRIPT, (*RULES, Other())).text
    assert text is not None
    assert 'mixed_precision="fp16"' in text
    assert "bf16" not in text
