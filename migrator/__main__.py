"""The entry point of `migrate` and `python -m migrator`; tuned for short runs."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

gc.disable()  # what is imported stays to the end, and looking for garbage in it takes a tenth of the start

from migrator.cli.command import command  # noqa: E402


def main() -> NoReturn:
    """Run the command and end the process."""
    try:
        command.main()
    except SystemExit as end:
        code = end.code
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was not closed by who started us
            stream.flush()
    os._exit(code if isinstance(code, int) else 1)  # taking modules and trees apart takes another tenth


if __name__ == "__main__":
    main()
