"""The process: `migrate`, and `python -m migrator`. It is short, and pays for nothing that would keep a long one tidy."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

gc.disable()  # what is imported stays to the end, and looking for garbage in it takes a tenth of the start

from migrator import cli  # noqa: E402


def main() -> NoReturn:
    """Run the command and end the process."""
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)  # taking modules and trees apart takes another tenth


if __name__ == "__main__":
    main()
