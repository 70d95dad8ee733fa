"""Reading ahead of a GPU: what lies ready is taken, what does not is left, and the order stays."""

from __future__ import annotations

import queue
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, RandomSampler

from runtime.transfer import CopiedBatches, _is_plain, _is_ready, pinned


class Workers:
    """A loader's iterator whose pinning thread has some batches ready; indices are asked for two ahead."""

    def __init__(self, length: int, ready: set[int], broken: int | None = None) -> None:
        self.length = length
        self.ready = ready
        self.broken = broken
        self.taken: list[int] = []
        self._data_queue: queue.Queue[Any] = queue.Queue()
        self._rcvd_idx = 0
        self._send_idx = min(2, length)
        self._fill()

    def _fill(self) -> None:
        if self._rcvd_idx in self.ready:
            self._data_queue.put((self._rcvd_idx, None))

    def __iter__(self) -> Workers:
        return self

    def __next__(self) -> int:
        if self._rcvd_idx == self.length:
            raise StopIteration
        if not self._data_queue.empty():
            self._data_queue.get()
        index = self._rcvd_idx
        self.taken.append(index)
        self._rcvd_idx += 1
        self._send_idx = min(self._send_idx + 1, self.length)
        self._fill()
        if index == self.broken:
            raise OSError("a broken sample")
        return index

    def __len__(self) -> int:
        return self.length


class Log:
    """A copier that notes what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def send(self, batch: Any) -> Any:
        self.events.append(f"send {batch}")
        return batch

    def receive(self, sent: Any) -> Any:
        self.events.append(f"receive {sent}")
        return sent


def test_a_batch_that_lies_ready_is_sent_before_the_one_in_use_is_handed_out() -> None:
    log = Log()
    batches = CopiedBatches(Workers(6, ready={1, 2}), log, 6)
    assert len(batches) == 6 and list(batches) == list(range(6))
    assert log.events == [
        *["send 0", "send 1", "receive 0"],
        *["send 2", "receive 1"],
        *["receive 2", "send 3", "receive 3", "send 4", "receive 4", "send 5", "receive 5"],
    ]


@pytest.mark.parametrize(("length", "known"), [(6, 6), (6, None), (1, 1), (0, 0)])
def test_every_batch_comes_once_and_in_order(length: int, known: int | None) -> None:
    workers = Workers(length, ready=set(range(length)))
    batches = CopiedBatches(workers, Log(), known)
    assert list(batches) == list(range(length)) == workers.taken
    assert list(batches) == []


def test_the_sampler_is_never_brought_to_its_end_early() -> None:
    workers = Workers(6, ready=set(range(6)))
    for batch in CopiedBatches(workers, Log(), 6):
        without = min(batch + 3, 6)  # indices that the plain loop has asked for by now
        assert workers._send_idx == without or workers._send_idx <= 5


def test_an_error_of_the_next_batch_waits_for_its_turn() -> None:
    batches = CopiedBatches(Workers(6, ready=set(range(6)), broken=2), Log(), 6)
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(OSError, match="a broken sample"):
        next(batches)
    assert next(batches) == 3


def test_real_workers_without_a_pinning_thread_are_not_read_ahead() -> None:
    loader = DataLoader(range(8), batch_size=2, num_workers=1)
    batches = iter(loader)
    assert not _is_ready(batches, 4)
    assert [batch.tolist() for batch in CopiedBatches(batches, Log(), 4)] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert hasattr(batches, "_send_idx") and hasattr(batches, "_rcvd_idx") and hasattr(batches, "_data_queue")


def test_what_holds_memory_out_of_sight_is_copied_as_without_us() -> None:
    class Hidden:
        def to(self, device: Any) -> Hidden:
            return self

    assert _is_plain(torch.ones(1)) and _is_plain("text") and _is_plain(3)
    assert not _is_plain(Hidden()) and not _is_plain(torch.ones(2, 2).to_sparse())


def test_workers_batches_are_pinned_for_a_gpu_alone() -> None:
    cuda = torch.device("cuda")
    plain = DataLoader(range(4), num_workers=2, sampler=RandomSampler(range(4)))
    twin = pinned(plain, cuda)
    assert twin.pin_memory and not plain.pin_memory and twin.sampler is plain.sampler
    assert pinned(plain, torch.device("cpu")) is plain and pinned(plain, None) is plain
    alone = DataLoader(range(4))
    told = DataLoader(range(4), num_workers=1, multiprocessing_context="spawn")
    assert pinned(alone, cuda) is alone and pinned(told, cuda) is told
