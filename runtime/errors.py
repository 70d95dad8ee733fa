"""What the runtime raises, beside the built-in errors that Accelerate raises too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SettingsError(ValueError):
    """An argument or a combination of arguments that cannot be meant."""


class UnsupportedError(NotImplementedError):
    """A part of Accelerate's API that this runtime does not have."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not supported by this runtime. Leave it out, or import `Accelerator` from Hugging Face "
            "Accelerate, whose API this is: `migrate --target accelerate` writes scripts for it."
        )


class DistributedOperationException(Exception):
    """A collective was called with tensors that do not fit together."""

    @classmethod
    def of(cls, calls: Sequence[tuple[str, Any]]) -> DistributedOperationException:
        """Name what each process came with: the operation and the shapes of its tensors, in rank order."""
        operations = [operation for operation, _ in calls]
        if len(set(operations)) > 1:
            told = "\n".join(f"  - Process {rank}: {operation}" for rank, operation in enumerate(operations))
            return cls(
                f"The processes call different collectives, which need all of them:\n{told}\n"
                "None may stand under a condition that differs, such as `if accelerator.is_main_process`."
            )
        told = "\n".join(f"  - Process {rank}: {shapes}" for rank, (_, shapes) in enumerate(calls))
        return cls(
            f"`{operations[0]}` needs tensors of the same shapes on every process. Input shapes:\n{told}\n"
            "Use `pad_across_processes` first, or gather objects."
        )


class ProcessLost(RuntimeError):
    """Another process of the run is gone, or does not come to a collective; this one cannot go on either."""

    def __init__(self, operation: str, lost: Sequence[int], timed_out: bool, rank: int, size: int) -> None:
        who = f"process{'es' if len(lost) > 1 else ''} {', '.join(map(str, lost))}"
        if not lost:
            told = f"stands alone in `{operation}`: the others gave up before. Look at their output for the cause."
        elif timed_out:
            told = (
                f"waited in vain for {who} in `{operation}`. It still computes, hangs, or went another way: every "
                "process has to make the same collective calls, so none may stand under "
                "`if accelerator.is_main_process`. To wait longer, pass `InitProcessGroupKwargs(timeout=...)`."
            )
        else:
            told = (
                f"lost {who} in `{operation}`. It ended early: look at its output for the cause, and start all "
                "processes again."
            )
        super().__init__(f"Process {rank} of {size} {told}")


class CannotPadNestedTensorWarning(UserWarning):
    """A nested tensor was passed to be padded."""
