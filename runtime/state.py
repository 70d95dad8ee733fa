"""The state that belongs to the process, not to an object: every instance of these classes is the same one."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from runtime.backend import Single, choose
from runtime.environment import Environment
from runtime.errors import SettingsError, UnsupportedError
from runtime.kind import DistributedType
from runtime.precision import checked_precision
from runtime.process import ProcessControl
from runtime.world import join, leave

if TYPE_CHECKING:
    from runtime.loader import LoaderPass, PreparedLoader
    from runtime.portion import Portion


class _Shared:
    """All instances of a subclass share one ``__dict__``."""

    _shared_state: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        cls._shared_state = {}

    @property
    def initialized(self) -> bool:
        """Whether the state was set up since the start or the last reset."""
        return bool(self._shared_state)

    @classmethod
    def _reset_state(cls) -> None:
        """Forget everything; for tests."""
        cls._shared_state.clear()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self._shared_state:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        raise AttributeError(
            f"`{type(self).__name__}` object has no attribute `{name}`. "
            f"This happens if `{type(self).__name__}._reset_state()` was called; make an `Accelerator()` first."
        )

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


class PartialState(_Shared, ProcessControl):
    """The process and its group, without a word on how to train: enough for printing and collectives."""

    def __init__(self, cpu: bool = False, **options: Any) -> None:
        """Join the group on first use.

        Args:    cpu: stay on the CPU.
                 options: arguments of ``init_process_group``.
        Raises:  SettingsError if the process has joined with other settings.
        """
        self.__dict__ = self._shared_state
        if self.initialized and not self._left:
            self._check(cpu, options)
            return
        world = join(Environment.from_environment(), cpu, options)
        self._shared_state.update(_world=world, _backend=choose(world), _options=dict(options), _left=False)

    def _check(self, cpu: bool, options: Mapping[str, Any]) -> None:
        if cpu and self.device.type != "cpu":
            raise SettingsError(f"This process already works on {self.device}; `cpu=True` comes too late.")
        if options and options != self._options and self.num_processes > 1:
            raise SettingsError(
                f"InitProcessGroupKwargs({', '.join(options)}) comes too late: an earlier Accelerator or PartialState "
                "has already joined the group. Pass it to the first."
            )

    @property
    def distributed_type(self) -> DistributedType:
        """How the processes work together; may be set, which changes this answer alone."""
        chosen: DistributedType = self.__dict__.get("_distributed_type") or self._world.distributed_type
        return chosen

    @distributed_type.setter
    def distributed_type(self, value: DistributedType) -> None:
        self.__dict__["_distributed_type"] = value

    @property
    def backend(self) -> str | None:
        """The transport of the group: "gloo", "nccl", or None without a group."""
        return self._world.transport

    @property
    def debug(self) -> bool:
        """Whether the arguments of collectives are checked."""
        return self._backend.debug

    @debug.setter
    def debug(self, value: bool) -> None:
        self._backend.debug = value

    def destroy_process_group(self) -> None:
        """Leave the group, if it was joined here; the next Accelerator joins again."""
        world = PartialState._shared_state.get("_world")  # this state may have been reset
        if world is not None:
            leave(world)
            PartialState._shared_state["_left"] = world.owns_group

    def __repr__(self) -> str:
        return (
            f"Distributed environment: {self.distributed_type}{f'  Backend: {self.backend}' if self.backend else ''}\n"
            f"Num processes: {self.num_processes}\nProcess index: {self.process_index}\n"
            f"Local process index: {self.local_process_index}\nDevice: {self.device}\n"
        )


def own_backend() -> Single:
    """Return what this process trains by, joining the group on first use."""
    backend: Single = PartialState()._backend
    return backend


class AcceleratorState(PartialState):
    """The process, and the precision that it trains in."""

    def __init__(self, mixed_precision: str | None = None, cpu: bool = False, **options: Any) -> None:
        """Take over the process's state on first use.

        Raises:  SettingsError if an earlier Accelerator trains in another precision, or the device cannot compute in
                 this one; UnsupportedError on fp8.
        """
        self.__dict__ = self._shared_state
        known = self.initialized
        self._shared_state.update(PartialState(cpu, **options)._shared_state)
        if not known:
            chosen = mixed_precision or Environment.from_environment().mixed_precision or "no"
            try:
                self._mixed_precision = checked_precision(str(chosen).lower(), self.device).value
            except (SettingsError, UnsupportedError):
                self._reset_state()  # the next Accelerator may ask for something else
                raise
        elif mixed_precision is not None and str(mixed_precision).lower() != self._mixed_precision:
            raise SettingsError(
                f"An earlier Accelerator of this process set mixed_precision={self._mixed_precision!r}, this one asks "
                f"for {str(mixed_precision)!r}. Pass {str(mixed_precision)!r} to the first, or nothing to this one."
            )

    @property
    def mixed_precision(self) -> str:
        """What forward passes compute in."""
        return str(self._mixed_precision)

    @classmethod
    def _reset_state(cls, reset_partial_state: bool = False) -> None:
        """Forget the precision and the accumulation, and the process too if asked; for tests."""
        cls._shared_state.clear()
        GradientState()._set({})
        if reset_partial_state:
            PartialState._reset_state()

    def __repr__(self) -> str:
        return super().__repr__() + f"Mixed precision type: {self.mixed_precision}\n"


class GradientState(_Shared):
    """Whether this batch ends in an optimizer step, and which prepared loader it comes from.

    The settings are plain attributes, since every step of a training loop reads them.
    """

    sync_gradients: bool
    num_steps: int
    adjust_scheduler: bool
    sync_with_dataloader: bool
    sync_each_batch: bool
    plugin_kwargs: dict[str, Any]
    passes: list[weakref.ref[LoaderPass]]
    last_portion: Portion | None  # of the batch that was handed out last, under exact scaling

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        """Set up on first use.

        Args:    settings: fields of a GradientAccumulationPlugin that were asked for.
        Raises:  SettingsError if an earlier Accelerator has set others.
        """
        self.__dict__ = self._shared_state
        if not self.initialized:
            self._shared_state.update(sync_gradients=True, passes=[], last_portion=None, plugin_kwargs={})
            self._set({})
        if settings and self.plugin_kwargs and settings != self.plugin_kwargs:
            raise SettingsError(
                f"An earlier Accelerator of this process accumulates gradients by {self.plugin_kwargs}, this one asks "
                f"for {dict(settings)}. Use one Accelerator, or set `gradient_accumulation_steps` on it."
            )
        if settings:
            self._set(settings)

    def _set(self, settings: Mapping[str, Any]) -> None:
        self.plugin_kwargs = dict(settings)
        self.num_steps = settings.get("num_steps", 1)
        self.adjust_scheduler = settings.get("adjust_scheduler", False)
        self.sync_with_dataloader = settings.get("sync_with_dataloader", True)
        self.sync_each_batch = settings.get("sync_each_batch", False)

    def begin(self, walk: LoaderPass) -> None:
        """Make the loader of ``walk`` the active one; held weakly, so that a ``break`` ends it."""
        self.passes = [reference for reference in self.passes if reference() not in (None, walk)]
        self.passes.append(weakref.ref(walk))

    def end(self, walk: LoaderPass) -> None:
        """Make the loader around it, if any, active again."""
        self.passes = [reference for reference in self.passes if reference() not in (None, walk)]

    @property
    def open_passes(self) -> list[LoaderPass]:
        """The walks over prepared loaders that go on, the one begun last at the end."""
        return [walk for reference in self.passes if (walk := reference()) is not None]

    @property
    def active_pass(self) -> LoaderPass | None:
        """The walk over a prepared loader that began last and goes on."""
        return next((walk for reference in reversed(self.passes) if (walk := reference()) is not None), None)

    @property
    def active_dataloader(self) -> PreparedLoader | None:
        """The loader that the current batch comes from."""
        walk = self.active_pass
        return None if walk is None else walk.loader

    @property
    def in_dataloader(self) -> bool:
        """Whether a prepared loader is being iterated."""
        return self.active_pass is not None

    @property
    def end_of_dataloader(self) -> bool:
        """Whether the current batch is the active loader's last."""
        walk = self.active_pass
        return walk is not None and walk.at_end

    @property
    def remainder(self) -> int:
        """Rows of the last round of batches, over all processes, that are no repetition; -1 where unknown."""
        loader = self.active_dataloader
        return -1 if loader is None else loader.remainder
