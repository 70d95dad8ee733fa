"""Batches that process 0 reads, and sends to the others: for data that only one process can read in order."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch.utils.data import DataLoader

from runtime.backend import Single
from runtime.backend.lost import names_the_lost
from runtime.errors import SettingsError
from runtime.loader import LoaderPass, PreparedLoader, known_length
from runtime.sampler import Tail
from runtime.state import GradientState
from runtime.tree import concatenate, find_batch_size, leaves, recursively_apply, slice_rows
from runtime.world import World


@dataclass(frozen=True, slots=True)
class Blank:
    """The place of a tensor in a batch that is sent before the tensor itself."""

    shape: torch.Size
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Round:
    """One batch for each process."""

    parts: list[Any]
    tail: Tail | None  # where rows are repeated
    is_last: bool
    rows: int | None = None  # of the batch that the parts were cut from, where they are of different lengths


def _is_dense(value: object) -> bool:
    """Say whether a value is sent as memory; everything else is pickled."""
    return isinstance(value, torch.Tensor) and value.layout is torch.strided and not value.is_nested


def _blank(tensor: torch.Tensor) -> Blank:
    return Blank(tensor.shape, tensor.dtype)


def _header(dealt: Round) -> Round:
    """Announce a round: its batches with blanks for tensors."""
    blanks = [recursively_apply(_blank, part, test_type=_is_dense) for part in dealt.parts]
    return Round(blanks, dealt.tail, dealt.is_last, dealt.rows)


def _send(part: Any, rank: int, world: World) -> list[tuple[Any, torch.Tensor]]:
    """Start sending the tensors of a batch as bytes, and return what has to live until they are sent."""
    tensors = [tensor.detach() for tensor in leaves(part) if _is_dense(tensor) and tensor.numel()]
    flats = [tensor.contiguous().view(-1).view(torch.uint8).to(world.exchange_device) for tensor in tensors]
    return [(dist.isend(flat, rank, tag=place), flat) for place, flat in enumerate(flats)]


def _receive(part: Any, world: World) -> Any:
    """Fill the blanks of a batch, in the order that they are sent in."""
    places = itertools.count()

    def fill(blank: Blank) -> torch.Tensor:
        tensor = torch.empty(blank.shape, dtype=blank.dtype, device=world.exchange_device)
        if tensor.numel():
            dist.recv(tensor.view(-1).view(torch.uint8), 0, tag=next(places))
        return tensor

    return recursively_apply(fill, part, test_type=lambda leaf: isinstance(leaf, Blank))


class Dealer:
    """On process 0: reads the loader in rounds, each of which knows whether it is the last."""

    def __init__(
        self, loader: DataLoader[Any], processes: int, split: bool, cut: Callable[..., Any] | None = None
    ) -> None:
        self._cut_by = cut  # a user's function in place of `slice_rows`
        self._batches = iter(loader)
        self._processes = processes
        self._count = 1 if split else processes  # batches in a round
        self._drop_last = bool(loader.drop_last)
        self._first: list[Any] = []
        self._loader = loader
        self.state: Any = None  # of a stateful loader that is read ahead, after the round dealt last

    def _take(self) -> list[Any]:
        batches = list(itertools.islice(self._batches, self._count))
        if self._drop_last and len(batches) < self._count:
            return []
        self._first = self._first or batches
        return batches

    def rounds(self) -> Iterator[Round]:
        """Read and deal out, one round ahead where only the end of the data tells which round is the last."""
        length = known_length(self._loader)
        if length is None:
            yield from self._rounds_ahead()
            return
        total = length // self._count if self._drop_last else -(-length // self._count)
        for number in range(1, total + 1):
            if batches := self._take():
                yield self._deal(batches, is_last=number == total)

    def _rounds_ahead(self) -> Iterator[Round]:
        ahead = self._take()
        while ahead:
            if hasattr(self._loader, "state_dict"):
                self.state = self._loader.state_dict()
            batches, ahead = ahead, self._take()
            yield self._deal(batches, is_last=not ahead)

    def _deal(self, batches: list[Any], is_last: bool) -> Round:
        is_even = not is_last or _rows(batches) == _rows(batches[:1]) * len(batches)
        if len(batches) == self._processes and is_even and self._cut_by is None:
            return Round(batches, None, is_last)  # whole batches need not have the same shape
        try:
            return self._cut(concatenate(batches), is_last)
        except (TypeError, ValueError, RuntimeError):  # no rows, or no common shape
            return self._repeat(batches, is_last)

    def _repeat(self, batches: list[Any], is_last: bool) -> Round:
        """Complete a round with whole batches of the first one."""
        if self._count == 1:
            raise SettingsError(
                f"A batch without rows cannot be split between {self._processes} processes. Leave out `split_batches`."
            )
        spare = itertools.cycle(self._first)
        parts = batches + list(itertools.islice(spare, self._processes - len(batches)))
        return Round(parts, Tail(_rows(batches), _rows(parts)), is_last)

    def _cut(self, batch: Any, is_last: bool) -> Round:
        """Cut a batch into equal parts, the last filled up with rows of the first round."""
        rows = find_batch_size(batch)
        size = -(-rows // self._processes)
        padded = size * self._processes
        spare = concatenate(self._first) if rows < padded else batch
        while find_batch_size(batch) < padded:
            batch = concatenate([batch, spare])
        parts = [self._slice(batch, slice(rank * size, (rank + 1) * size), rank) for rank in range(self._processes)]
        return Round(parts, Tail(rows, padded) if rows < padded else None, is_last)

    def _slice(self, batch: Any, rows: slice, rank: int) -> Any:
        if self._cut_by is None:
            return slice_rows(batch, rows)
        return self._cut_by(batch, rows, process_index=rank, num_processes=self._processes)


def _rows(batches: list[Any]) -> int:
    """Count rows; a batch without any counts as one."""
    return sum(map(_rows_of_one, batches))


def _rows_of_one(batch: Any) -> int:
    try:
        return find_batch_size(batch)
    except (TypeError, ValueError):
        return 1


class Mail:
    """The batches of this process, as an iterator: sent by process 0 and received by the others, all at once."""

    def __init__(self, loader: DispatchedLoader) -> None:
        self.round = Round([], None, is_last=False)  # that the batch in use comes from
        self._is_over = False
        self._loader = loader
        self._backend = loader._backend
        self.world = loader._backend.world
        self._rounds: Iterator[Round] = iter(())
        if self._backend.world.rank == 0:
            loader._dealer = loader._make_dealer()
            self._rounds = loader._dealer.rounds()

    def __iter__(self) -> Mail:
        return self

    def __next__(self) -> Any:
        if self._is_over:
            raise StopIteration
        return self.next_batch()

    @names_the_lost
    def next_batch(self) -> Any:
        """Take part in the next round."""
        if self._backend.world.rank == 0:
            return self._send_round()
        header = self._backend.broadcast_object(None)
        if isinstance(header, str):
            raise RuntimeError(f"Process 0 failed to read the next batch: {header}")
        return _receive(self._open(header)[self._backend.world.rank], self._backend.world)

    def _send_round(self) -> Any:
        try:
            dealt = next(self._rounds, None)
        except Exception as error:
            self._backend.broadcast_object(repr(error))  # the others wait for a batch
            raise
        self._backend.broadcast_object(None if dealt is None else _header(dealt))
        parts = self._open(dealt)
        sent = [one for rank in range(1, len(parts)) for one in _send(parts[rank], rank, self._backend.world)]
        for work, _ in sent:
            work.wait()
        return parts[0]

    def _open(self, header: Round | None) -> list[Any]:
        if header is None:
            self._is_over = True
            raise StopIteration
        self.round = dataclasses.replace(header, parts=[])
        self._loader._tail = header.tail
        return header.parts


class DispatchPass(LoaderPass):
    """A walk that is told by process 0 which batch is the last."""

    __slots__ = ()

    @property
    def at_end(self) -> bool:
        """Whether the batch handed out last is the last."""
        return self._over or self._iterator.round.is_last  # type: ignore[attr-defined]


class DispatchedLoader(PreparedLoader):
    """A loader that process 0 alone reads."""

    _own = PreparedLoader._own | {"_backend", "_split", "_tail", "_dealer", "_cut_by"}
    is_dispatched = True

    def __init__(
        self,
        loader: DataLoader[Any],
        gradient_state: GradientState,
        backend: Single,
        device: torch.device | None = None,
        split_batches: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(loader, gradient_state, device, non_blocking)
        self._backend = backend
        self._split = split_batches
        self._tail: Tail | None = None
        self._cut_by: Callable[..., Any] | None = None
        self._dealer: Dealer | None = None  # of the pass that began last, on process 0

    def cut_by(self, function: Callable[..., Any] | None) -> None:
        """Cut batches by a user's function: ``f(batch, slice, process_index=..., num_processes=...)``."""
        self._cut_by = function

    @property
    def batches_per_round(self) -> int:  # type: ignore[override]
        """Batches that process 0 reads for one of each process."""
        return 1 if self._split else self._backend.world.size

    def state_dict(self) -> dict[str, Any]:
        """Say where a stateful loader stands; only process 0 knows, and the state of the others is empty."""
        if self._backend.world.rank != 0:
            return {}
        state = None if self._dealer is None or self._loaded_state is not None else self._dealer.state
        return super().state_dict() if state is None else dict(state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Make the next pass of a stateful loader go on where ``state_dict`` was taken."""
        self._dealer = None
        super().load_state_dict(state_dict)

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, (kind, state) = super().__reduce__()
        return rebuild, (kind, {**state, "_dealer": None})

    def _walk(self) -> LoaderPass:
        self._tail = None
        return DispatchPass(self, Mail(self), None)

    def _make_dealer(self) -> Dealer:
        return Dealer(self.base_dataloader, self._backend.world.size, self._split, self._cut_by)

    def __len__(self) -> int:
        rounds, rest = divmod(len(self.base_dataloader), self.batches_per_round)
        return rounds + (rest > 0 and not self.drop_last) - self._read_and_dropped

    @property
    def tail(self) -> Tail | None:
        """The real and the repeated rows of the last round of batches; None where none are repeated."""
        return self._tail

    @property
    def remainder(self) -> int:
        """Samples in the last round of batches; -1 where it is unknown or dropped."""
        return super().remainder if self._tail is None else self._tail.real

    @property
    def total_batch_size(self) -> int:
        """Samples in a batch, over all processes."""
        return int(self.batch_size or 1) * (1 if self._split else self._backend.world.size)
