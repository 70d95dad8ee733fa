"""Saving and loading, as methods of the Accelerator."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from torch import nn
from torch.utils.hooks import RemovableHandle

from runtime.backend import Single
from runtime.model import unwrap_model
from runtime.precision import Precision

if TYPE_CHECKING:
    from runtime.checkpoint.layout import Parts
    from runtime.loader import PreparedLoader
    from runtime.project import ProjectConfiguration


class Persistence:
    """Everything that goes to a disk and comes back."""

    project_configuration: ProjectConfiguration
    step: int
    _backend: Single
    _precision: Precision
    _models: list[nn.Module]
    _optimizers: list[Any]
    _schedulers: list[Any]
    _dataloaders: list[PreparedLoader]
    _custom_objects: list[Any]
    _save_model_state_pre_hook: OrderedDict[int, Callable[..., Any]]
    _load_model_state_pre_hook: OrderedDict[int, Callable[..., Any]]

    @property
    def project_dir(self) -> str | os.PathLike[str] | None:
        """The folder of the run."""
        return self.project_configuration.project_dir

    @property
    def save_iteration(self) -> int:
        """The number of the next checkpoint, where they are numbered."""
        return self.project_configuration.iteration

    @save_iteration.setter
    def save_iteration(self, value: int) -> None:
        self.project_configuration.iteration = value

    def register_for_checkpointing(self, *objects: Any) -> None:
        """Put more objects into checkpoints, by their ``state_dict`` and ``load_state_dict``.

        Raises:  ValueError listing those that lack either.
        """
        lacking = [
            f"\n\t- Item at index {index}, `{type(one).__name__}`"
            for index, one in enumerate(objects)
            if not (hasattr(one, "state_dict") and hasattr(one, "load_state_dict"))
        ]
        if lacking:
            raise ValueError(
                "All `objects` passed in must have a `state_dict` and a `load_state_dict` method. These lack one:"
                + "".join(lacking)
            )
        self._custom_objects.extend(objects)

    def register_save_state_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have ``hook(models, weights, folder)`` called by `save_state`, before it writes.

        ``weights`` is the list of the models' states; those that the hook takes out are not written. ``folder`` is where
        the checkpoint is being written; it gets its own name when it is complete.

        Returns: a handle, whose ``remove`` ends this.
        """
        handle = RemovableHandle(self._save_model_state_pre_hook)
        self._save_model_state_pre_hook[handle.id] = hook
        return handle

    def register_load_state_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have ``hook(models, folder)`` called by `load_state`, before it loads.

        Models that the hook takes out of the list are not loaded.

        Returns: a handle, whose ``remove`` ends this.
        """
        handle = RemovableHandle(self._load_model_state_pre_hook)
        self._load_model_state_pre_hook[handle.id] = hook
        return handle

    def _parts(self) -> Parts:
        from runtime.checkpoint.layout import Parts

        return Parts(
            self._models, self._optimizers, self._schedulers, self._dataloaders, self._precision, self._custom_objects
        )

    def save_state(
        self, output_dir: str | os.PathLike[str] | None = None, safe_serialization: bool = True, **unused: Any
    ) -> Any:
        """Write everything that was prepared or registered, the random states and the loaders' positions, to a folder.

        Every process has to call. The folder appears whole: whenever a process is killed, what was there before can be
        loaded.

        Args:    output_dir: where to; not needed where checkpoints are numbered.
                 safe_serialization: write models in the safetensors format; else as torch does.
        Returns: the folder.
        Raises:  ValueError if a numbered folder is there already; TypeError if a state holds more than tensors and plain
                 values.
        """
        from runtime.checkpoint.saving import save_state

        hooks = list(self._save_model_state_pre_hook.values())
        return save_state(
            self._parts(), self.step, output_dir, self.project_configuration, self._backend, hooks, safe_serialization
        )

    def load_state(
        self,
        input_dir: str | os.PathLike[str] | None = None,
        load_kwargs: dict[str, Any] | None = None,
        **load_model_func_kwargs: Any,
    ) -> None:
        """Load what `save_state` wrote, into the same objects, prepared in the same order. No code in it is run.

        To go on in the middle of an epoch, iterate over `skip_first_batches` of the loader first.

        Args:    input_dir: the folder; by default the numbered one saved last.
                 load_kwargs: those of ``torch.load``.
                 load_model_func_kwargs: those of ``load_state_dict`` of models, and ``map_location``: "cpu" or
                     "on_device".
        Raises:  ValueError if there is no such folder, or it was never completed.
        """
        from runtime.checkpoint.loading import load_state

        hooks = list(self._load_model_state_pre_hook.values())
        step = load_state(
            self._parts(),
            input_dir,
            self.project_configuration,
            self._backend,
            hooks,
            load_kwargs,
            **load_model_func_kwargs,
        )
        if step is not None:
            self.step = step

    def save(self, obj: Any, f: str | os.PathLike[str] | IO[bytes], safe_serialization: bool = False) -> None:
        """Write an object on the main process; the others pass. A file appears whole or not at all."""
        from runtime.checkpoint.saving import save

        save(obj, f, self.project_configuration.save_on_each_node, safe_serialization, self._backend)

    def save_model(
        self,
        model: nn.Module,
        save_directory: str | os.PathLike[str],
        max_shard_size: int | str = "10GB",
        safe_serialization: bool = True,
    ) -> None:
        """Write the weights of a model, on the main process; in several files with an index if they are large.

        Args:    max_shard_size: of one file, in bytes or such as "10GB".
        Raises:  NotADirectoryError if the path is a file's.
        """
        from runtime.checkpoint.saving import save_model

        state = self.get_state_dict(model)
        save_model(
            state,
            save_directory,
            max_shard_size,
            safe_serialization,
            self._backend,
            self.project_configuration.save_on_each_node,
        )

    def get_state_dict(self, model: nn.Module, unwrap: bool = True) -> dict[str, Any]:
        """Return the state of a model, under the names of the module that was passed to `prepare`."""
        return unwrap_model(model, keep_torch_compile=not unwrap).state_dict()
