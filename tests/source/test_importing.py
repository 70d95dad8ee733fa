"""Where the import of the Accelerator goes."""

from __future__ import annotations

import pytest

from migrator.source.importing import import_operation
from tests.source.request import carry_out

LINE = "from runtime import Accelerator\n"
REST = "\nmodel = torch.nn.Linear(4, 1)\n"
HEADS = {
    "imports": "import os\nimport torch\n",
    "a name that describes the module": '__author__ = "somebody"\n\nimport torch\n',
    "a setting that has to be made before torch is imported": 'import os\nos.environ["OMP_NUM_THREADS"] = "1"\nimport torch\n',
    "a call among the imports": 'import matplotlib\nmatplotlib.use("Agg")\nimport torch\n',
    "an import that may fail": "try:\n    import wandb\nexcept ImportError:\n    wandb = None\nimport torch\n",
    "a docstring": '"""Train."""\n\nimport torch\n',
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_it_goes_below_all_that_stands_among_the_imports(head: str) -> None:
    text = carry_out(head + REST, lambda module: import_operation(module, "runtime", module.root.body, 9))
    assert text == head + LINE + REST


def test_it_stays_above_where_the_accelerator_is_made() -> None:
    head, rest = "import os\n", 'os.environ["DEVICE"] = "cuda"\nimport torch\n'
    text = carry_out(head + rest, lambda module: import_operation(module, "runtime", module.root.body, 1))
    assert text == head + LINE + rest
