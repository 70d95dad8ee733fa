"""What processes do one by one: parts of inputs, functions on some of them, flags, logs, launchers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from runtime import (
    Accelerator,
    PartialState,
    UnsupportedError,
    debug_launcher,
    find_executable_batch_size,
    get_logger,
    notebook_launcher,
    release_memory,
    synchronize_rng_states,
)
from runtime.share import split
from runtime.world import World

Pair = Callable[..., list[Any]]
CPU = torch.device("cpu")


def _parts(inputs: Any, size: int, **options: Any) -> list[Any]:
    return [split(inputs, World(CPU, rank, rank, size), **options) for rank in range(size)]


def test_earlier_processes_get_the_extra_items() -> None:
    assert _parts([1, 2, 3, 4, 5], 3) == [[1, 2], [3, 4], [5]]
    assert _parts((1, 2), 3) == [(1,), (2,), ()]
    assert _parts("whole", 2) == ["whole", "whole"]
    assert [part.tolist() for part in _parts(torch.arange(3), 2)] == [[0, 1], [2]]
    data = {"a": [1, 2, 3], "b": torch.arange(3)}
    first, second = _parts(data, 2)
    assert first["a"] == [1, 2] and second["b"].tolist() == [2] and data["a"] == [1, 2, 3], "the argument stays"
    with pytest.raises(ValueError, match="must have the same length"):
        _parts({"a": [1], "b": [1, 2]}, 2)


def test_padding_repeats_the_last_item() -> None:
    assert _parts([1, 2, 3], 2, apply_padding=True) == [[1, 2], [3, 3]]
    assert _parts([1], 3, apply_padding=True) == [[1], [1], [1]]
    assert _parts((1, 2, 3, 4), 2, apply_padding=True) == [(1, 2), (3, 4)]
    assert [part.tolist() for part in _parts(torch.ones(3, 2).cumsum(0), 2, apply_padding=True)] == [
        [[1, 1], [2, 2]],
        [[3, 3], [3, 3]],
    ]


def check_decorators() -> list[Any]:
    accelerator = Accelerator()
    rank = accelerator.process_index
    plain = {
        "main": accelerator.on_main_process(lambda: rank),
        "local": accelerator.on_local_main_process(lambda: rank),
        "last": accelerator.on_last_process(lambda: rank),
        "one": accelerator.on_process(process_index=1)(lambda: rank),
        "direct": accelerator.on_process(lambda: rank, process_index=0),
        "local one": PartialState().on_local_process(local_process_index=1)(lambda: rank),
    }
    return [[name for name, function in plain.items() if function() is not None]]


def test_decorated_functions_run_where_they_are_to(pair: Pair) -> None:
    assert pair(check_decorators) == [[["main", "local", "direct"]], [["last", "one", "local one"]]]
    accelerator = Accelerator(cpu=True)
    assert accelerator.on_process(lambda x: x, process_index=5)(3) == 3, "a process alone does everything"
    with pytest.raises(ValueError, match="takes a function"):
        accelerator.on_main_process()

    @accelerator.on_main_process
    def documented() -> None:
        """Kept."""

    assert documented.__doc__ == "Kept."


def check_trigger() -> list[bool]:
    accelerator = Accelerator()
    before = accelerator.check_trigger()
    if accelerator.process_index == 1:
        accelerator.set_trigger()
    return [before, accelerator.check_trigger(), accelerator.check_trigger()]


def test_a_flag_of_one_process_is_seen_by_all_once(pair: Pair) -> None:
    assert pair(check_trigger) == [[False, True, False]] * 2


def check_streams() -> list[Any]:
    rank = Accelerator().process_index
    torch.manual_seed(rank)
    generator = torch.Generator().manual_seed(rank)
    synchronize_rng_states(["torch", "generator"], generator)
    return [torch.rand(1).item(), torch.rand(1, generator=generator).item()]


def test_random_streams_become_those_of_process_0(pair: Pair) -> None:
    first, second = pair(check_streams)
    assert first == second


def check_logger(folder: str) -> None:
    rank = Accelerator().process_index
    logger = get_logger("checks", log_level="INFO")
    handler = logging.FileHandler(Path(folder) / "log.txt")
    logger.logger.addHandler(handler)
    logger.info("main")
    logger.info("each %d", rank, main_process_only=False, in_order=True)
    handler.close()
    logger.logger.removeHandler(handler)


def test_logs_come_once_or_in_order(pair: Pair, tmp_path: Path) -> None:
    pair(check_logger, folder=str(tmp_path))
    assert (tmp_path / "log.txt").read_text().splitlines() == ["[RANK 0] main", "[RANK 0] each 0", "[RANK 1] each 1"]


def test_a_record_names_the_line_that_logged(caplog: pytest.LogCaptureFixture) -> None:
    logger = get_logger("checks")
    with pytest.raises(RuntimeError, match="make a `PartialState"):
        logger.warning("too early")
    PartialState(cpu=True)
    logger.warning("here")
    assert caplog.records[-1].funcName == "test_a_record_names_the_line_that_logged"
    for _ in range(2):
        logger.warning_once("only once")
    assert caplog.text.count("only once") == 1


def test_a_batch_size_that_fits_is_found() -> None:
    tried: list[int] = []

    @find_executable_batch_size(starting_batch_size=10, reduce_batch_size_fn=None)
    def train(batch_size: int, name: str) -> str:
        tried.append(batch_size)
        if batch_size > 7:
            raise RuntimeError("CUDA out of memory.")
        return name

    assert train("n") == "n" and tried == [10, 9, 8, 7]
    assert train("again") == "again" and tried[-1] == 7, "the size that fitted is kept"
    with pytest.raises(TypeError, match=r"Batch size was passed into `train` .*: `train\(name='n'\)`"):
        train(8, "n")

    @find_executable_batch_size(starting_batch_size=2)
    def broken(batch_size: int) -> None:
        raise ValueError("not about memory")

    with pytest.raises(ValueError, match="not about memory"):
        broken()

    @find_executable_batch_size(starting_batch_size=4, reduce_batch_size_fn=lambda: 0)
    def large(batch_size: int) -> None:
        raise torch.OutOfMemoryError("no")

    with pytest.raises(RuntimeError, match="No executable batch size found, reached zero"):
        large()
    assert release_memory(torch.ones(1), 2) == [None, None]


def _note(folder: str) -> None:
    accelerator = Accelerator()
    total = int(accelerator.reduce(torch.ones(1)).item())
    text = f"{accelerator.num_processes} {total} {accelerator.mixed_precision} {accelerator.device}"
    (Path(folder) / str(accelerator.process_index)).write_text(text)


def test_a_function_is_run_by_several_processes(tmp_path: Path) -> None:
    PartialState(cpu=True)  # what this process is does not reach the new ones
    debug_launcher(_note, (str(tmp_path),), num_processes=2)
    assert [(tmp_path / name).read_text() for name in ("0", "1")] == ["2 2 no cpu"] * 2


def _fail() -> None:
    raise ValueError("in the function")


def test_a_failure_in_a_process_is_told() -> None:
    with pytest.raises(Exception, match="in the function"):
        debug_launcher(_fail, num_processes=1)


def test_a_notebook_trains_in_itself_on_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_CPU", "yes")
    notebook_launcher(_note, (str(tmp_path),), mixed_precision="bf16")
    assert (tmp_path / "0").read_text() == "1 1 bf16 cpu" and "ACCELERATE_MIXED_PRECISION" not in os.environ
    with pytest.raises(ValueError, match="should only be initialized inside your training function"):
        notebook_launcher(_note, (str(tmp_path),), num_processes=2)
    with pytest.raises(UnsupportedError, match="on several machines"):
        notebook_launcher(_note, num_processes=2, num_nodes=2)
