"""Which devices the runs use."""

from __future__ import annotations

import pytest

from migrator.verify import devices
from migrator.verify.devices import find_devices


@pytest.mark.parametrize(
    ("gpus", "alone", "together"), [((0, ""), True, True), ((1, "H"), False, True), ((2, "H"), False, False)]
)
def test_gpus_are_used_where_there_are_enough(
    monkeypatch: pytest.MonkeyPatch, gpus: tuple[int, str], alone: bool, together: bool
) -> None:
    monkeypatch.setattr(devices, "_gpus", lambda: gpus)
    found = find_devices(2)
    assert (found.alone_on_cpu, found.together_on_cpu) == (alone, together)
    assert found.name == ("H" if gpus[0] else "cpu")
    assert bool(found.notes) == (gpus[0] == 1)


def test_a_process_of_the_reference_sees_the_gpu_of_its_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_gpus", lambda: (2, "H"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [find_devices(2).only(rank) for rank in (0, 1)] == [
        {"CUDA_VISIBLE_DEVICES": "0"},
        {"CUDA_VISIBLE_DEVICES": "1"},
    ]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,3")
    assert find_devices(2).only(1) == {"CUDA_VISIBLE_DEVICES": "3"}


def test_no_gpu_is_asked_for_where_there_is_no_sign_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_SIGNS", ())
    monkeypatch.setattr(devices.subprocess, "run", None)
    assert find_devices(2).name == "cpu"
