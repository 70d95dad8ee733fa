"""Processes that SLURM starts find each other by its variables."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.environment import Environment
from runtime.slurm import first_host, read_place
from tests.runtime.processes import ROOT

STEP = {
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_NODELIST": "gpu-[07-08]",
    "SLURM_JOB_NODELIST": "gpu-[01-08]",
    "SLURM_NTASKS": "8",
    "SLURM_JOB_ID": "1234567",
    "SLURMD_NODENAME": "gpu-08",
}


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("localhost", "localhost"),
        ("gpu1,gpu2", "gpu1"),
        ("gpu-[07-09,12],login", "gpu-07"),
        ("rack[2,5]n[01-16],rack9", "rack2n01"),
        ("node[003]", "node003"),
        ("a.b.c-[1-2].example", "a.b.c-1.example"),
    ],
)
def test_the_first_host_of_a_list(nodes: str, first: str) -> None:
    assert first_host(nodes) == first


def test_a_step_is_read_in_torchruns_words() -> None:
    assert read_place(STEP) == {
        "WORLD_SIZE": "4",
        "RANK": "3",
        "LOCAL_RANK": "1",
        "MASTER_ADDR": "gpu-07",
        "MASTER_PORT": "24567",
    }
    told = Environment.from_environment(STEP)
    assert (told.world_size, told.rank, told.local_rank) == (4, 3, 1)
    assert told.has_address and told.meeting_place == "tcp://gpu-07:24567"
    assert not told.has_own_gpu and Environment.from_environment({**STEP, "SLURM_GPUS_PER_TASK": "1"}).has_own_gpu


def test_an_address_of_the_scripts_own_is_kept() -> None:
    place = read_place({**STEP, "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "4000"})
    assert (place["MASTER_ADDR"], place["MASTER_PORT"]) == ("10.0.0.1", "4000")


@pytest.mark.parametrize(
    "changes",
    [{"WORLD_SIZE": "2", "RANK": "0"}, {"SLURM_STEP_NUM_TASKS": "1"}, {"SLURM_STEP_ID": None}, {"SLURM_PROCID": None}],
    ids=["torchrun inside a step", "one task", "the batch script itself", "no task at all"],
)
def test_what_is_no_step_of_several_tasks_is_left_alone(changes: dict[str, str | None]) -> None:
    variables = {name: value for name, value in {**STEP, **changes}.items() if value is not None}
    assert read_place(variables) == {}
    assert Environment.from_environment(variables).meeting_place is None


SCRIPT = """
import torch
from runtime import Accelerator
accelerator = Accelerator()
total = accelerator.reduce(torch.tensor(1.0 + accelerator.process_index))
print(accelerator.process_index, accelerator.local_process_index, accelerator.num_processes, int(total))
accelerator.end_training()
"""


def test_two_tasks_meet(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hidden = {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR"}
    tasks = [
        subprocess.Popen(
            [sys.executable, str(tmp_path / "train.py")],
            env={
                **{name: value for name, value in os.environ.items() if name not in hidden},
                "SLURM_PROCID": str(rank),
                "SLURM_LOCALID": str(rank),
                "SLURM_NTASKS": "2",
                "SLURM_JOB_NODELIST": "localhost",
                "MASTER_PORT": str(port),
                "PYTHONPATH": str(ROOT),
                "GLOO_SOCKET_IFNAME": "lo",
                "OMP_NUM_THREADS": "1",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        assert [task.communicate(timeout=90)[0].strip() for task in tasks] == ["0 0 2 3", "1 1 2 3"]
    finally:
        for task in tasks:
            task.kill()


def test_restarts_are_counted_on_one_machine_alone() -> None:
    told = {"WORLD_SIZE": "2", "RANK": "0", "TORCHELASTIC_RESTART_COUNT": "3"}
    assert Environment.from_environment({**told, "GROUP_WORLD_SIZE": "1"}).restarts == 3
    assert Environment.from_environment({**told, "GROUP_WORLD_SIZE": "2"}).restarts == 0, "agents count differently"
    assert Environment.from_environment(told).restarts == 0
