"""Examples: folders."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP
from migrator.rules.rule import Example

EXAMPLES = {
    "folder": (
        Example(
            "a folder",
            'import os\nos.mkdir("out")  # for the figures',
            'import os\nos.makedirs("out", exist_ok=True)  # for the figures',
            frame=SETUP,
        ),
        Example(
            "an error that ends the program",
            """
            import os, sys
            try:
                if not os.path.exists("out"):
                    os.makedirs("out")
            except OSError as problem:
                print(problem)
                sys.exit(1)
            """,
            """
            import os, sys
            try:
                if not os.path.exists("out"):
                    os.makedirs("out", exist_ok=True)
            except OSError as problem:
                accelerator.print(problem)
                sys.exit(1)
            """,
            frame=SETUP,
        ),
        Example(
            "a folder by its path",
            'from pathlib import Path\n(Path("out") / "a").mkdir(parents=True)',
            reviews="MIG505",
            at=".mkdir(",
            frame=SETUP,
        ),
        Example("a folder that may exist", 'import os\nos.makedirs("out", exist_ok=True)', frame=SETUP),
        Example(
            "one by its path that may exist",
            'from pathlib import Path\nPath("out").mkdir(exist_ok=True)',
            frame=SETUP,
        ),
        Example(
            "an error that is caught",
            'import os\ntry:\n    os.mkdir("out")\nexcept FileExistsError:\n    pass',
            frame=SETUP,
        ),
    ),
}
