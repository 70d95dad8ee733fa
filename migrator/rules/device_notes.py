"""Findings about the device that the Accelerator is made with."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.rules.change import Change, Level
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.device_request import CpuArgument
from migrator.training.training import Training
from migrator.training.user_device import UserDevice


def about_device(training: Training, cpu: CpuArgument) -> Iterator[Change]:
    """Report that several flags choose the device, or that none does."""
    for condition in cpu.conflict:
        shown = condition.module.text(condition.node)
        yield Change(
            "MIG107", condition.module, condition.node, f"Several flags choose the device, among them `{shown}`",
            level=Level.REVIEW, blocks=True, reason="the Accelerator has one device, and one `cpu=` argument cannot express this",
            help="let one flag choose the device, then run migrate again",
        )  # fmt: skip
    if cpu.silent:
        node = _first_site(training)
        yield Change(
            "MIG101", training.module_of(node), node,
            "The migrated script uses only the CPU (`Accelerator(cpu=True)`), as the original does",
            level=Level.NOTE, reason="some of its tensors are never moved to a device, so a model on a GPU could not use them",
            help="to use a GPU, move these tensors to `accelerator.device` and remove `cpu=True`",
        )  # fmt: skip


def _first_site(training: Training) -> s.Node:
    for item in training.components.models or training.required:
        site: s.Node | None = item.site
        if site is not None:
            return site
    return training.components.backwards[0].node


def about_index(user_device: UserDevice, module: Module, node: s.Node) -> Iterator[Change]:
    """Report what happens to a GPU that the user chooses by its index."""
    yield Change(
        "MIG101", user_device.module, user_device.node,
            f"`{user_device.text}` may choose a GPU by its index, which is used on one process only",
        level=Level.NOTE, reason="on several processes each one uses another GPU",
    )  # fmt: skip
    yield Change(
        "MIG405", module, node,
            "`torch.cuda.set_device(...)` is added before `Accelerator()`, for a GPU that is named by its index",
        level=Level.NOTE, reason="on one process the Accelerator uses the current GPU; on several processes it chooses one for each",
    )  # fmt: skip
