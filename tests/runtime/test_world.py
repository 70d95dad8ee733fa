"""Where a process stands: alone, in a group that `torchrun` announced, or in one that the script made."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from runtime import Accelerator, DistributedType, InitProcessGroupKwargs, PartialState, SettingsError
from runtime.environment import Environment
from runtime.world import World, join
from tests.runtime.processes import ROOT, Team, TeamError

Pair = Callable[..., list[Any]]


def test_the_environment_is_read_in_one_place() -> None:
    assert Environment.from_environment({}) == Environment()
    told = Environment.from_environment(
        {
            "WORLD_SIZE": "4",
            "RANK": "3",
            "LOCAL_RANK": "1",
            "MASTER_ADDR": "host",
            "ACCELERATE_USE_CPU": "yes",
            "ACCELERATE_DEBUG_MODE": "1",
            "ACCELERATE_MIXED_PRECISION": "bf16",
            "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "8",
        }
    )
    assert told == Environment(4, 3, 1, True, True, True, "bf16", 8)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("WORLD_SIZE", "two", "whole number"), ("ACCELERATE_USE_CPU", "maybe", "true or false")],
)
def test_a_variable_that_means_nothing_is_told_of(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}'.*{expected}"):
        Environment.from_environment({name: value})


def test_a_process_alone_makes_no_group() -> None:
    world = join(Environment(), cpu=True)
    assert world == World(torch.device("cpu"))
    assert (world.size, world.transport, world.distributed_type) == (1, None, DistributedType.NO)
    assert not dist.is_initialized()


@pytest.mark.parametrize("environment", [Environment(world_size=2), Environment(world_size=2, rank=0)])
def test_an_announced_group_without_a_meeting_place_is_refused(environment: Environment) -> None:
    with pytest.raises(SettingsError, match=r"WORLD_SIZE is 2, but RANK or MASTER_ADDR is not set.*torchrun"):
        join(environment, cpu=True)


def check_place() -> list[Any]:
    accelerator = Accelerator()
    assert dist.is_initialized() and dist.get_backend() == "gloo"
    assert accelerator.distributed_type == "MULTI_CPU" == DistributedType.MULTI_CPU
    assert accelerator.device == torch.device("cpu") and accelerator.use_distributed
    assert accelerator.num_processes == 2 == accelerator.state.num_processes
    assert PartialState().backend == "gloo" and "Num processes: 2" in repr(accelerator.state)
    return [
        accelerator.process_index,
        accelerator.local_process_index,
        accelerator.is_main_process,
        accelerator.is_local_main_process,
        accelerator.is_last_process,
    ]


def test_torchrun_without_gpus_makes_a_gloo_group(pair: Pair) -> None:
    assert pair(check_place) == [[0, 0, True, True, False], [1, 1, False, False, True]]


def check_print() -> str:
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        Accelerator().print("once", 1, sep="-")
    return written.getvalue()


def test_print_speaks_once(pair: Pair) -> None:
    assert pair(check_print) == ["once-1\n", ""]


def check_order(folder: str, local: bool) -> list[str]:
    accelerator = Accelerator()
    first = accelerator.local_main_process_first if local else accelerator.main_process_first
    with first():
        seen = sorted(os.listdir(folder))
        time.sleep(0.05 * accelerator.is_main_process)
        Path(folder, str(accelerator.process_index)).touch()
    accelerator.wait_for_everyone()
    return seen


@pytest.mark.parametrize("local", [False, True], ids=["of all", "of the machine"])
def test_the_first_process_goes_first(pair: Pair, local: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert pair(check_order, folder=folder, local=local) == [[], ["0"]]


def check_failure_of_the_first() -> str:
    accelerator = Accelerator()
    try:
        with accelerator.main_process_first():
            if accelerator.is_main_process:
                raise OSError("download failed")
    except OSError as error:
        return str(error)
    return "went on"


def test_a_failure_of_the_first_does_not_hold_the_others(pair: Pair) -> None:
    assert pair(check_failure_of_the_first) == ["download failed", "went on"]


def check_late_arguments() -> str:
    Accelerator()
    try:
        Accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(seconds=7))])
    except SettingsError as error:
        return str(error)
    return "no error"


def test_group_arguments_that_come_too_late_are_refused(pair: Pair) -> None:
    for message in pair(check_late_arguments):
        assert "InitProcessGroupKwargs(timeout) comes too late" in message and "Pass it to the first" in message


def check_group_of_the_script() -> str:
    dist.init_process_group("gloo")
    accelerator = Accelerator()
    assert accelerator.num_processes == 2
    accelerator.end_training()
    assert dist.is_initialized(), "the script's group is the script's to end"
    try:
        PartialState._reset_state()
        PartialState(timeout=timedelta(seconds=7))
    except SettingsError as error:
        return str(error)
    return "no error"


def test_a_group_of_the_script_is_used_and_left_alone() -> None:
    team = Team(2)
    try:
        for message in team.run(check_group_of_the_script):
            assert "the script has already called `init_process_group`" in message
    finally:
        team.close()


def check_timeout_and_end(folder: str) -> list[bool]:
    """The arguments reach the group; training ends it, and may begin again."""
    handler = InitProcessGroupKwargs(timeout=timedelta(seconds=77), init_method=f"file://{folder}/first")
    accelerator = Accelerator(kwargs_handlers=[handler])
    group = dist.distributed_c10d._get_default_group()
    timeout = group._get_backend(torch.device("cpu")).options._timeout
    assert timeout == timedelta(seconds=77)
    assert Accelerator(kwargs_handlers=[handler]).num_processes == 2, "the same arguments again"
    accelerator.end_training()
    ended = not dist.is_initialized()
    assert accelerator.num_processes == 2, "what it was can still be asked"
    again = InitProcessGroupKwargs(init_method=f"file://{folder}/second")
    total = Accelerator(kwargs_handlers=[again]).reduce(torch.ones(1))
    return [ended, total.item() == 2.0]


def test_group_arguments_are_used_and_training_can_end_and_begin_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        team = Team(2)
        try:
            assert team.run(check_timeout_and_end, folder=folder) == [[True, True]] * 2
        finally:
            team.close()


def sleep_on_one(seconds: float) -> None:
    if Accelerator().is_main_process:
        time.sleep(seconds)


def test_a_team_that_hangs_is_ended_in_time() -> None:
    team = Team(2)
    team.run(sleep_on_one, seconds=0.0)
    with pytest.raises(TeamError, match="no answer from process 0"):
        team.run(sleep_on_one, limit_s=1.0, seconds=60.0)
    assert not team.is_alive


SCRIPT = """
import torch
from runtime import Accelerator
accelerator = Accelerator()
model = accelerator.prepare(torch.nn.Linear(2, 1))
accelerator.backward(model(torch.ones(1, 2)).sum())
accelerator.print("trained on", accelerator.num_processes)
accelerator.end_training()
"""


WITH_WORKERS = """
import torch
from torch.utils.data import DataLoader, TensorDataset
from runtime import Accelerator
accelerator = Accelerator()
model = accelerator.prepare(torch.nn.Linear(2, 1))
loader = accelerator.prepare(
    DataLoader(TensorDataset(torch.ones(8, 2)), batch_size=2, num_workers=1, multiprocessing_context="METHOD")
)
if __name__ == "__main__":
    batches = 0
    for (x,) in loader:
        accelerator.backward(model(x).sum())
        batches += 1
    accelerator.print("trained on", accelerator.num_processes, "in", batches)
    accelerator.end_training()
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_worker_that_reads_the_script_again_joins_nobody(tmp_path: Path, method: str) -> None:
    assert run_under_torchrun(tmp_path, WITH_WORKERS.replace("METHOD", method)) == ["trained on 2 in 2"]


def test_a_script_runs_under_torchrun(tmp_path: Path) -> None:
    assert run_under_torchrun(tmp_path, SCRIPT) == ["trained on 2"]


def run_under_torchrun(tmp_path: Path, script: str) -> list[str]:
    (tmp_path / "train.py").write_text(script)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(tmp_path / "train.py")],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
