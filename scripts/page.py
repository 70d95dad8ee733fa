"""Write docs/verify-example.html: the page of a verification that was run just now, of the script that `demo.py` shows."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.demo import MIGRATE, ROOT, SCRIPT, environment

PAGE = ROOT / "docs" / "verify-example.html"


def main() -> int:
    """Verify, and keep the page."""
    with tempfile.TemporaryDirectory(prefix="migrate-page-") as scratch:
        project = Path(scratch) / "project"
        project.mkdir()
        (project / "pyproject.toml").touch()
        shutil.copyfile(SCRIPT, project / "train.py")
        page = Path(scratch) / "page.html"
        command = [*MIGRATE, "train.py", "--verify", "--quiet", "--report", str(page), "--", "train.py"]
        done = subprocess.run(command, cwd=project, env=environment(), check=False)
        if done.returncode == 0:
            PAGE.parent.mkdir(exist_ok=True)
            shutil.copyfile(page, PAGE)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
