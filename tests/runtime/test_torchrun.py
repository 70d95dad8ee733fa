"""Under torchrun itself: a restart after a failure, and two machines, played by two agents on this one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.runtime.processes import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}

RESTARTED = """
import os, sys, pathlib, torch
from runtime import Accelerator
folder = pathlib.Path(sys.argv[1])
accelerator = Accelerator()
torch.manual_seed(0)
model = accelerator.prepare(torch.nn.Linear(2, 1))
optimizer = accelerator.prepare(torch.optim.SGD(model.parameters(), lr=0.1))
first = 0
if (folder / "state.pt").exists():
    state = torch.load(folder / "state.pt")
    model.load_state_dict(state["model"])
    first = state["step"]
for step in range(first, 4):
    if step == 2 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and accelerator.process_index == 1:
        os._exit(7)
    accelerator.backward(model(torch.full((1, 2), 1.0 + step)).sum())
    optimizer.step()
    optimizer.zero_grad()
    accelerator.save({"model": model.state_dict(), "step": step + 1}, folder / "state.pt")
    accelerator.wait_for_everyone()
accelerator.print("began at", first, "ends with", model.bias.item())
accelerator.end_training()
"""

PLACES = """
import os, pathlib, sys, torch
from runtime import Accelerator
accelerator = Accelerator()
model = accelerator.prepare(torch.nn.Linear(1, 1, bias=False))
accelerator.backward(model(torch.full((1, 1), float(accelerator.process_index))).sum())
with accelerator.local_main_process_first():
    place = [accelerator.process_index, accelerator.local_process_index, accelerator.num_processes,
             int(accelerator.is_main_process), int(accelerator.is_local_main_process), model.weight.grad.item()]
pathlib.Path(sys.argv[1], str(accelerator.process_index)).write_text(" ".join(map(str, place)))
accelerator.wait_for_everyone()
accelerator.end_training()
"""


def _torchrun(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "torch.distributed.run", *arguments]


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def _end(agent: subprocess.Popen[str]) -> None:
    """End an agent, and with it the workers that it would leave behind."""
    if agent.poll() is None:
        for child in Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        agent.kill()


def test_a_run_that_failed_is_restarted_and_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(RESTARTED)
    command = _torchrun("--standalone", "--nproc_per_node", "2", "--max_restarts", "1", str(script), str(tmp_path))
    agent = _start(command)
    try:
        output = agent.communicate(timeout=240)[0]
    finally:
        _end(agent)
    assert agent.returncode == 0, output
    words = output[output.index("began at") :].splitlines()[0].split()
    assert words[:3] == ["began", "at", "2"], "the second attempt begins where the first stopped"
    whole = tmp_path / "whole"
    whole.mkdir()
    alone = subprocess.run(
        [sys.executable, str(script), str(whole)],
        check=True,
        env={**ENVIRONMENT, "TORCHELASTIC_RESTART_COUNT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert abs(float(words[-1]) - float(alone.stdout.split()[-1])) < 1e-6


def test_two_machines_meet(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(PLACES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--nnodes", "2", "--nproc_per_node", "2", "--rdzv_backend", "c10d", "--rdzv_id", "test"]
    agents = [
        _start(_torchrun(*options, "--rdzv_endpoint", f"127.0.0.1:{port}", str(script), str(tmp_path)))
        for _ in range(2)
    ]
    try:
        outputs = [agent.communicate(timeout=150)[0] for agent in agents]
    finally:
        for agent in agents:
            _end(agent)
    assert [agent.returncode for agent in agents] == [0, 0], outputs
    places = [(tmp_path / str(rank)).read_text().split() for rank in range(4)]
    assert [place[:5] for place in places] == [
        ["0", "0", "4", "1", "1"],
        ["1", "1", "4", "0", "0"],
        ["2", "0", "4", "0", "1"],
        ["3", "1", "4", "0", "0"],
    ]
    assert {place[5] for place in places} == {"1.5"}, "gradients are averaged over both machines"


LEAVES = """
import atexit
import sys
import torch
import torch.distributed as dist
from runtime import Accelerator

atexit.register(lambda: print("left" if not dist.is_initialized() else "still there"))
accelerator = Accelerator()
model = accelerator.prepare(torch.nn.Linear(1, 1))
accelerator.backward(model(torch.ones(1, 1)).sum())
"""


def test_a_script_that_simply_ends_leaves_the_group(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(LEAVES)
    agent = _start(_torchrun("--standalone", "--nproc_per_node", "2", str(script)))
    try:
        output = agent.communicate(timeout=150)[0]
    finally:
        _end(agent)
    assert agent.returncode == 0, output
    assert output.count("left") == 2
