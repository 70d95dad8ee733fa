"""What the runtime raises, beside the built-in errors that Accelerate raises too."""

from __future__ import annotations


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


class CannotPadNestedTensorWarning(UserWarning):
    """A nested tensor was passed to be padded."""
