"""Findings about the device that the Accelerator is made with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator.rules.change import Change, Level
from migrator.source.module import Module
from migrator.training.device_request import CpuArgument
from migrator.training.training import Training
from migrator.training.user_device import UserDevice


def about_device(training: Training, cpu: CpuArgument) -> Iterator[Change]:
    """Say where several flags decide about the device, or none does."""
    for condition in cpu.conflict:
        shown = condition.module.text(condition.node)
        yield Change(
            "MIG107", condition.module, condition.node, f"Several flags decide about the device, among them `{shown}`",
            level=Level.REVIEW, blocks=True, reason="an Accelerator has one device; no single `cpu=` argument says the same",
            help="let one flag decide, then run migrate again",
        )  # fmt: skip
    if cpu.silent:
        node = _first_site(training)
        yield Change(
            "MIG101", training.module_of(node), node,
            "The script never names a device, so it keeps to the CPU: `Accelerator(cpu=True)`",
            level=Level.NOTE, reason="some of its tensors are not moved, and would not meet the model on a GPU",
            help="move them to `accelerator.device`, then remove `cpu=True`",
        )  # fmt: skip


def _first_site(training: Training) -> Any:
    for item in training.components.models or training.required:
        if item.site is not None:
            return item.site
    return training.components.backwards[0].node


def about_index(user_device: UserDevice, module: Module, node: Any) -> Iterator[Change]:
    """Say what becomes of a GPU that the user picks by its index, where it is picked and where it is set."""
    yield Change(
        "MIG101", user_device.module, user_device.node, f"`{user_device.text}` may name a GPU by its index, which counts on one process",
        level=Level.NOTE, reason="on several processes each has a GPU of its own",
    )  # fmt: skip
    yield Change(
        "MIG405", module, node, f"The GPU of `{user_device.text}` is made the current one before this, for the Accelerator to use",
        level=Level.NOTE, reason="an Accelerator on one process uses the current GPU; on several it sets that itself",
    )  # fmt: skip
