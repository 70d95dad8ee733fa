"""One run over several programs: what happens to one of them is no concern of the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.errors import Distrusted
from migrator.project import pipeline, pool, program, sources
from migrator.project.sources import SourceStore
from migrator.source.module import Module
from migrator.source.text import Source

TRAIN = """\
import torch
from data import dataset

model = torch.nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in torch.utils.data.DataLoader(dataset):
    (model(x.cuda()) - y.cuda()).pow(2).mean().backward()
    optimizer.step()
"""


def test_a_mistake_of_ours_costs_one_file_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    migrate = program.migrate

    def stumble(entry: Module, files: SourceStore, migrated_together: frozenset[str]) -> object:
        return 1 / 0 if entry.source.path.endswith("odd.py") else migrate(entry, files, migrated_together)

    monkeypatch.setattr(program, "migrate", stumble)
    paths = [str(tmp_path / name) for name in ("odd.py", "train.py")]
    for path in paths:
        Path(path).write_text(TRAIN, encoding="utf-8")
    reports = list(pipeline.run(paths, Settings()))
    (problem,) = [problem for report in reports for problem in report.problems]
    assert isinstance(problem, Distrusted)
    assert problem.path == paths[0]
    assert "ZeroDivisionError" in problem.message
    assert "test_pipeline.py:" in problem.message
    assert [file.source.path for report in reports for file in report.files if file.text is not None] == [paths[1]]


def test_a_module_that_many_scripts_share_is_parsed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("_KEPT", "_KEPT_SCRIPTS"):
        monkeypatch.setattr(sources, name, 6 * len(TRAIN))  # far less than all scripts together
    monkeypatch.setattr(pool, "cores", lambda: 1)
    parsed: list[str] = []
    make = Module.__init__

    def count(module: Module, source: Source) -> None:
        parsed.append(os.path.basename(source.path))
        make(module, source)

    monkeypatch.setattr(Module, "__init__", count)
    (tmp_path / "data.py").write_text(
        "import torch\ndataset = torch.utils.data.TensorDataset(torch.ones(8, 4), torch.ones(8, 1))\n"
    )
    paths = [tmp_path / f"train{number:02}.py" for number in range(12)]
    for path in paths:
        path.write_text(TRAIN)
    reports = list(pipeline.run([*map(str, paths), str(tmp_path / "data.py")], Settings()))
    assert len(reports) == len(paths)
    assert parsed.count("data.py") == 1


def test_an_import_by_name_is_reported_where_a_file_near_it_trains(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").write_text("def load(name):\n    return __import__(name)\n")
    (tmp_path / "agents" / "dqn.py").write_text("def learn(loss):\n    loss.backward()\n")
    main = tmp_path / "main.py"
    main.write_text("import sys\nfrom agents import load\n\nload(sys.argv[1]).learn()\n")
    (report,) = pipeline.run([str(main)], Settings())
    (file,) = report.files
    (item,) = file.items
    assert (file.source.path, item.code, item.line) == (str(main), "MIG919", 1)
    assert "dqn.py" in item.message
    assert not list(pipeline.run([str(main)], Settings(ignore=("MIG919",))))
    (tmp_path / "agents" / "dqn.py").write_text("def learn(loss): ...\n")
    assert not list(pipeline.run([str(main)], Settings()))
