"""Show the tool at work: preview a migration, have it proven that the script trains as it did, apply it.

    python scripts/demo.py [SCRIPT]

Exit code 0 when the migrated script trains as it should: bit for bit as before on one process, and rightly on two.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "fixtures" / "01_base_loop" / "before.py"
MIGRATE = (sys.executable, "-m", "migrator")
STEPS = (  # each with the exit code that it should end with: a preview says that changes are pending
    ("train.py --diff", 1),
    ("train.py --verify -- train.py", 0),
    ("train.py --write", 0),
)


class Failure(Exception):
    """The demonstration did not show what it should."""


def environment() -> dict[str, str]:
    """Give an environment in which this checkout is what is imported."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def migrate(command: Sequence[str], arguments: str, expected_code: int, folder: Path) -> None:
    """Run the migrator in a folder, and insist on its exit code."""
    print(f"\n$ migrate {arguments}", flush=True)
    done = subprocess.run([*command, *shlex.split(arguments)], cwd=folder, env=environment(), check=False)
    if done.returncode != expected_code:
        raise Failure(f"migrate {arguments} ended with exit code {done.returncode} instead of {expected_code}")
    print(f"(exit code {done.returncode})", flush=True)


def demonstrate(script: Path, migrator: Sequence[str]) -> None:
    """Preview, prove and write the migration of a copy of ``script``.

    Raises:  Failure when one of the steps does not end as it should.
    """
    with tempfile.TemporaryDirectory(prefix="migrate-demo-") as scratch:
        project = Path(scratch) / "project"
        project.mkdir()
        (project / "pyproject.toml").touch()  # what lies beside it in the folder for temporary files is not copied
        shutil.copyfile(script, project / "train.py")
        for arguments, code in STEPS:
            migrate(migrator, arguments, code, project)


def main(arguments: Sequence[str], migrator: Sequence[str] = MIGRATE) -> int:
    """Run the demonstration on a script of the user's, or on ours."""
    try:
        demonstrate(Path(arguments[0]) if arguments else SCRIPT, migrator)
    except Failure as failure:
        print(f"\nThe demonstration failed: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
