"""A prepared data loader: the user's own, whose batches arrive on the device, and which knows its last one."""

from __future__ import annotations

import contextlib
import functools
import itertools
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset

from runtime.position import Position, Progress, read_streams
from runtime.state import GradientState
from runtime.transfer import CopiedBatches, SideStream
from runtime.tree import send_to_device

if TYPE_CHECKING:
    from runtime.portion import Portion
    from runtime.sampler import Tail


class LoaderPass:
    """One walk over a prepared loader.

    Where the length is known, it is counted to tell the last batch. Where it is not, one batch is fetched ahead, but
    only when somebody asks: a fetch draws random numbers that the model might have drawn first.
    """

    portion: Portion | None = None  # of the batch in use, where processes share a batch

    __slots__ = ("__weakref__", "_ahead", "_fetch", "_iterator", "_length", "_move", "_over", "_yielded", "loader")

    def __init__(self, loader: PreparedLoader, iterator: Iterator[Any], length: int | None) -> None:
        self.loader = loader
        self._iterator = iterator
        self._fetch = iterator.__next__
        self._length = length
        self._move = None if isinstance(iterator, CopiedBatches) else loader._move
        self._yielded = 0
        self._ahead: deque[Any] = deque()
        self._over = False

    def __iter__(self) -> LoaderPass:
        return self

    def __next__(self) -> Any:
        if not self._yielded:
            self.loader.gradient_state.begin(self)
        try:
            batch = self._ahead.popleft() if self._ahead else self._fetch()
        except StopIteration:
            self._finish()
            raise
        self._yielded += 1
        return batch if self._move is None else self._move(batch)

    def _finish(self) -> None:
        if not self._over:
            self._over = True
            self.loader._advance()
        self.loader.gradient_state.end(self)

    @property
    def yielded(self) -> int:
        """Batches handed out so far."""
        return self._yielded

    @property
    def is_over(self) -> bool:
        """Whether the pass has come to its end."""
        return self._over

    def drop(self, count: int) -> None:
        """Read the next batches, and hand them to nobody."""
        with contextlib.suppress(StopIteration):
            for _ in range(count):
                self._fetch()
        if self._length is not None:
            self._length = max(self._length - count, 0)

    @property
    def at_end(self) -> bool:
        """Whether the batch handed out last is the last."""
        if self._over:
            return True
        if self._length is not None:
            return self._yielded >= self._length
        if not self._ahead:
            self.loader._keep_state()
            try:
                self._ahead.append(self._fetch())
            except StopIteration:
                return True
        return False

    @property
    def layout(self) -> Tail | Portion | None:
        """Which rows of the batch in use count, over all processes; None where all do, equally many on each."""
        tail: Tail | None = self.loader.tail if self.at_end else None
        return None if tail is None or tail.real == tail.padded else tail

    def choose_next(self) -> None:
        """Choose the samples of the next batch now, not when it is fetched: the order is drawn with the first choice."""
        chosen = getattr(self._iterator, "_sampler_iter", None)
        # At the end there is nothing to choose, and a sampler may draw once more when it is asked.
        if chosen is not None and self._length != 0 and not hasattr(chosen, "state_dict"):
            self._iterator._sampler_iter = itertools.chain(  # type: ignore[attr-defined]
                list(itertools.islice(chosen, 1)), chosen
            )

    def __len__(self) -> int:
        return len(self._iterator)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        if name in LoaderPass.__slots__ or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._iterator, name)


def known_length(loader: DataLoader[Any]) -> int | None:
    """Count the batches, where the loader can be trusted: the length of an iterable dataset is a guess."""
    if isinstance(loader.dataset, IterableDataset):
        return None
    try:
        return len(loader)
    except (TypeError, NotImplementedError):  # a sampler without a length
        return None


class PreparedLoader(DataLoader[Any]):
    """The user's loader, asked for everything but iteration."""

    _pass: type[LoaderPass] = LoaderPass
    _own = frozenset(
        "base_dataloader source device gradient_state iteration _move _shard _before _last _non_blocking _reads_ahead "
        "_progress _interrupted _resumption _origin _held_state _loaded_state dispatches".split()
    )
    _is_accelerate_prepared = True
    batches_per_round = 1  # that `base_dataloader` yields for one of this loader's
    is_dispatched = False  # whether process 0 reads for the others

    def __init__(
        self,
        loader: DataLoader[Any],
        gradient_state: GradientState,
        device: torch.device | None = None,
        non_blocking: bool = False,
        shard: Any = None,
        before: Callable[[], None] | None = None,
        reads_ahead: bool = False,
    ) -> None:
        """Wrap ``loader``; DataLoader.__init__ is not called, its attributes are those of the wrapped one.

        Args:    device: where batches go; None to leave them where they are.
                 shard: what knows the ``tail`` of the last round of batches, on several processes.
                 before: called at the start of each pass, by every process.
                 reads_ahead: the sampler draws random numbers only as torch's own do, so that a batch that workers have
                     ready may be taken, and its copy to a GPU begun, before the one in use is handed out.
        """
        self.base_dataloader = loader
        self.source = loader  # what the user passed to `prepare`
        self.gradient_state = gradient_state
        self.device = device
        self.iteration = 0
        self._move = None
        if device is not None and device.type != "cpu":
            pinned = non_blocking or bool(loader.pin_memory)
            self._move = functools.partial(send_to_device, device=device, non_blocking=pinned)
        self._non_blocking = non_blocking
        self._reads_ahead = reads_ahead
        self._shard = shard
        self._before = before
        self._last: weakref.ref[LoaderPass] | None = None
        self.dispatches = False  # whether process 0 was asked to read for all, which on one process makes no difference
        self._progress = Progress()
        self._interrupted: Position | None = None  # where a loaded checkpoint found this loader
        self._resumption: Any = None  # how `skip_first_batches` begins a pass
        self._origin: PreparedLoader | None = None  # what `skip_first_batches` made this of
        self._held_state: Any = None  # of a stateful loader, before one batch was fetched ahead
        self._loaded_state: Any = None  # of a stateful loader, until its next pass

    def __iter__(self) -> Any:
        """Start a pass at once, as DataLoader does: it draws the workers' seed here, not at the first batch."""
        if self._before is not None:
            self._before()
        self._tell_epoch()
        self._held_state = self._loaded_state = None
        if self._resumption is not None:
            walk: LoaderPass = self._resumption.begin(self)
        else:
            began = read_streams(self)
            walk = self._walk()
            self._progress.begin(walk, began)
        self._last = weakref.ref(walk)
        return walk

    def _walk(self) -> LoaderPass:
        batches = iter(self.base_dataloader)
        length = known_length(self.base_dataloader)
        if length is not None:  # a stateful loader may go on where it was
            length -= getattr(batches, "_num_yielded", 0)
        return self._pass(self, self._copied(batches, length), length)

    def _copied(self, batches: Iterator[Any], length: int | None) -> Iterator[Any]:
        """Copy to a CUDA device beside what it computes; other devices are left to `_move`."""
        if self.device is None or self.device.type != "cuda":
            return batches
        pinned = self._non_blocking or bool(self.base_dataloader.pin_memory)
        ahead = self._reads_ahead and not self.use_stateful_dataloader
        return CopiedBatches(batches, SideStream(self.device, pinned), length if ahead else None)

    def _advance(self) -> None:
        """Count a pass that came to its end, here and where this loader comes from."""
        self.iteration += 1
        if self._origin is not None:
            self._origin.iteration = self.iteration

    @property
    def use_stateful_dataloader(self) -> bool:
        """Whether the loader itself can say where it stands, as torchdata's StatefulDataLoader."""
        return hasattr(type(self.base_dataloader), "load_state_dict")

    def _keep_state(self) -> None:
        """Keep the state of before a batch is fetched ahead."""
        if self.use_stateful_dataloader:
            self._held_state = self.base_dataloader.state_dict()  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, Any]:
        """Say where a stateful loader stands: after the batch handed out last; empty before its first pass.

        Raises:  AttributeError if the loader is none.
        """
        if self._loaded_state is not None:
            return dict(self._loaded_state)
        if getattr(self.base_dataloader, "_iterator", self) is None:
            return {}  # asking would start its workers, and draw their seed
        walk = self._progress.walk
        if self._held_state is not None and walk is not None and walk._ahead:
            return dict(self._held_state)
        return self.base_dataloader.state_dict()  # type: ignore[attr-defined, no-any-return]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Make the next pass of a stateful loader go on where ``state_dict`` was taken.

        Raises:  AttributeError if the loader is none.
        """
        self.base_dataloader.load_state_dict(state_dict)  # type: ignore[attr-defined]
        self._loaded_state = state_dict

    def cut_by(self, function: Callable[..., Any] | None) -> None:
        """Cut batches that are dealt out by a user's function; this loader deals out none."""

    def get_sampler(self) -> Any:
        """Return what chooses single samples."""
        return getattr(self._batches, "sampler", None)

    @property
    def _batches(self) -> Any:
        """What chooses the samples of a batch, also where it stands in a sampler's place."""
        return self.sampler if isinstance(self.sampler, BatchSampler) else self.batch_sampler

    def _tell_epoch(self) -> None:
        """Tell our own shard; a user's sampler hears of epochs only from the user, as without us."""
        if hasattr(self._shard, "epoch"):
            self._shard.epoch = self.iteration

    def __len__(self) -> int:
        return len(self.base_dataloader) - self._read_and_dropped

    @property
    def _read_and_dropped(self) -> int:
        """Batches at the start of each pass that nobody gets."""
        resumption = self._resumption
        return resumption.count if resumption is not None and resumption.reads else 0

    @property
    def tail(self) -> Any:
        """The real and the repeated rows of the last round of batches; None where none are repeated, or unknown."""
        return getattr(self._shard, "tail", None)

    @property
    def end_of_dataloader(self) -> bool:
        """Whether the batch in use is the last."""
        walk = None if self._last is None else self._last()
        return walk is not None and walk.at_end

    @property
    def remainder(self) -> int:
        """Samples in the last round of batches; -1 where it is unknown or dropped."""
        try:
            return -1 if self.drop_last else len(self.dataset) % self.total_batch_size  # type: ignore[arg-type]
        except (TypeError, AttributeError, NotImplementedError):  # no length, or no batches
            return -1

    @property
    def total_batch_size(self) -> int:
        """Samples in a batch, over all processes."""
        batches = self._batches
        processes = 1 if getattr(batches, "split_batches", False) else getattr(batches, "num_processes", 1)
        return int(batches.batch_size * processes)

    @property
    def total_dataset_length(self) -> int:
        """Samples in the dataset, over all processes."""
        return int(getattr(self.dataset, "total_length", None) or len(self.dataset))  # type: ignore[arg-type]

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch to the dataset, the samplers and the samplers within, as far as they want to know."""
        self.iteration = epoch
        waiting: list[Any] = [self.batch_sampler, self.sampler, self.dataset]
        told: list[Any] = []
        for place in waiting:
            if place is None or any(place is one for one in told):
                continue
            told.append(place)
            waiting += [getattr(place, "batch_sampler", None), getattr(place, "sampler", None)]
            if hasattr(place, "set_epoch"):
                place.set_epoch(epoch)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The wrapped loader's class, for ``isinstance``; ``type`` tells the truth."""
        return type(self.base_dataloader)

    def __getattr__(self, name: str) -> Any:
        if name in self._own or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.base_dataloader, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._own:
            object.__setattr__(self, name, value)
        else:
            setattr(self.base_dataloader, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), {**self.__dict__, "_last": None})


def _rebuild(kind: type[PreparedLoader], state: dict[str, Any]) -> PreparedLoader:
    loader = kind.__new__(kind)
    loader.__dict__.update(state)
    return loader
