"""Recording does not change what is recorded: a script prints the same bare."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from migrator.verify.recorder.options import Options

ROOT = Path(__file__).parents[3]
TRAIN = """\
import random
import numpy
import torch
from torch.utils.data import DataLoader, TensorDataset

calls = 0
def count(*_):
    global calls
    calls += 1

data = TensorDataset(torch.randn(48, 6), torch.randn(48, 1))
model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
model.register_forward_hook(count)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 4)
for epoch in range(2):
    for x, y in DataLoader(data, batch_size=8, shuffle=True):
        optimizer.zero_grad()
        loss = (model(x + 0.1 * random.random() + 0.1 * numpy.random.rand()) - y).square().mean()
        loss.backward()
        optimizer.step()
        scheduler.step()
        print(loss.item().hex())
torch.save(model.state_dict(), "model.pt")
print(calls, float(torch.rand(1)).hex(), random.random().hex(), float(numpy.random.rand()).hex())
print(sum(float(p.double().sum()) for p in model.state_dict().values()).hex())
"""
BARE = """\
import runpy
import numpy
from migrator.verify.recorder import streams
from migrator.verify.recorder.run import SEED, make_deterministic
make_deterministic()
streams.seed(SEED)
runpy.run_path("train.py", run_name="__main__")
"""
RECORDED = """\
import sys
import numpy
from migrator.verify.recorder.options import Options
from migrator.verify.recorder.run import record
record(Options.from_json(sys.argv[1]))
"""


def _run(code: str, folder: Path, *arguments: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_script_prints_the_same_bare(tmp_path: Path) -> None:
    """Losses, forward calls, the next number of every random stream and the trained parameters are the same."""
    (tmp_path / "train.py").write_text(TRAIN)
    trace = tmp_path / "trace"
    options = Options("train.py", (), str(tmp_path), str(tmp_path), str(trace))
    bare, recorded = _run(BARE, tmp_path), _run(RECORDED, tmp_path, options.to_json())
    assert recorded == bare
    assert len(bare) == 14 and bare[-2].startswith("12 ")
    kinds = [json.loads(line)[0] for line in trace.read_text().splitlines()]
    assert [kinds.count(kind) for kind in ("Fetch", "Backward", "Step", "Schedule", "Save")] == [12] * 4 + [1]
