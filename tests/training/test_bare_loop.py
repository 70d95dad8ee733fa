"""A loop whose objects are defined elsewhere, in a file that never says torch: its components must carry the inference."""

from __future__ import annotations

import pytest

from migrator.config import Settings
from migrator.project import pipeline

LOOP = """\
where = "cuda"
net.to(where)

for sample in stream:
    opt.zero_grad()
    pictures, names = sample
    pictures = pictures.to(where)
    names = names.to(where)
    guesses = net(pictures)
    cost = measure(guesses, names)
    cost.backward()
    opt.step()
    lr_pace.step()
"""
MIGRATED = """\
from {package} import Accelerator

accelerator = Accelerator()

net, opt, stream, lr_pace = accelerator.prepare(net, opt, stream, lr_pace)

for sample in stream:
    opt.zero_grad()
    pictures, names = sample
    guesses = net(pictures)
    cost = measure(guesses, names)
    accelerator.backward(cost)
    opt.step()
    lr_pace.step()
"""


def migrated(text: str, settings: Settings) -> str | None:
    (report,) = pipeline.run_text(text, "loop.py", settings).files
    return report.text


@pytest.mark.parametrize("package", ["runtime", "accelerate"])
def test_the_loop_alone_shows_what_everything_is(package: str) -> None:
    assert migrated(LOOP, Settings(target=package)) == MIGRATED.format(package=package)


def test_long_names_are_prepared_on_lines_of_their_own() -> None:
    text = LOOP.replace("stream", "training_examples_in_order").replace("net", "network_under_training")
    assert (
        "network_under_training, opt, training_examples_in_order, lr_pace = accelerator.prepare(\n"
        "    network_under_training, opt, training_examples_in_order, lr_pace\n"
        ")\n"
    ) in (migrated(text, Settings()) or "")


def test_what_is_stepped_once_an_epoch_stays() -> None:
    text = LOOP.replace("    lr_pace.step()\n", "lr_pace.step()\n")
    assert "net, opt, stream = accelerator.prepare(net, opt, stream)\n" in (migrated(text, Settings()) or "")


def test_nothing_is_said_about_a_loader_that_the_loop_shows() -> None:
    (report,) = pipeline.run_text(LOOP, "loop.py", Settings()).files
    assert "MIG912" not in {item.code for item in report.items}
