"""Runs a script as the main module of this process, with every hook in place.

Three things are fixed for all runs alike: every random stream starts from the same seed, algorithms are deterministic
where torch has such, and loaders use no worker processes.
"""

from __future__ import annotations

import faulthandler
import os
import runpy
import signal
import socket
import sys
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from migrator.verify.recorder.options import Options

if TYPE_CHECKING:  # it imports torch, which is not before it is needed
    from migrator.verify.recorder.journal import Journal

SEED = 0
_PATIENCE = timedelta(hours=12)  # the parent has its own limit
_kept: list[Any] = []  # what has to live as long as the process


def _serve_store(listening: socket.socket) -> None:
    """Serve the rendezvous store of a group of processes, on a socket that is only reachable from this machine."""
    from torch.distributed import TCPStore

    port = listening.getsockname()[1]
    store = TCPStore(
        "127.0.0.1",
        port,
        is_master=True,
        wait_for_workers=False,
        timeout=_PATIENCE,
        master_listen_fd=listening.detach(),
    )
    _kept.append(store)


def make_deterministic() -> None:
    """Choose deterministic algorithms; where there is none, torch warns and goes on."""
    import torch

    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def put_hooks(options: Options) -> Journal:
    """Put every hook in place, and begin the trace."""
    from migrator.verify.recorder import reference_ddp
    from migrator.verify.recorder.backward import BackwardWatch
    from migrator.verify.recorder.console import watch_console
    from migrator.verify.recorder.files import Files
    from migrator.verify.recorder.journal import Journal
    from migrator.verify.recorder.loaders import Loaders
    from migrator.verify.recorder.optimizers import Optimizers
    from migrator.verify.recorder.schedules import Schedules

    journal = Journal(options.trace, options.root, options.steps)
    backward = BackwardWatch(journal, Optimizers(journal))
    loaders, schedules = Loaders(journal), Schedules(journal)
    if options.recorded or options.joined:
        reference_ddp.take_part(options, backward, loaders, schedules)
    Files(journal, options)
    watch_console(journal)
    return journal


def record(options: Options, listening: socket.socket | None = None) -> None:
    """Run a script and trace it; then the process is over.

    Args:    listening: where the processes of a group meet, for the one that serves it.
    """
    _kept.append(open(options.trace + ".stacks", "w"))  # noqa: SIM115 - open as long as the process
    faulthandler.register(signal.SIGUSR1, file=_kept[-1], all_threads=True)
    if listening:
        _serve_store(listening)
    from migrator.verify.recorder import streams

    make_deterministic()
    _prepare_arguments(options)
    journal = put_hooks(options)
    streams.seed(SEED)
    error, place = _run(options, journal)
    journal.end("failed" if error else "finished", error, place)
    if error:
        sys.stderr.write(error)
    journal.leave(1 if error else 0)


def _prepare_arguments(options: Options) -> None:
    """Make this process look like `python SCRIPT ARGUMENTS`."""
    project, root = os.path.realpath(options.project), os.path.realpath(options.root)
    for position, place in enumerate(sys.path):  # what was installed in place is to be found in the copy
        if place and (os.path.realpath(place) + os.sep).startswith(project + os.sep):
            sys.path[position] = os.path.join(root, os.path.relpath(os.path.realpath(place), project))
    sys.argv = [options.script, *options.arguments]
    sys.path.insert(0, os.getcwd() if options.is_module else os.path.dirname(os.path.realpath(options.script)))


def _run(options: Options, journal: Journal) -> tuple[str, str]:
    """Run the script to its end, and give the traceback of its error with its place; empty where there was none."""
    try:
        if options.is_module:
            runpy.run_module(options.script, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(os.path.abspath(options.script), run_name="__main__")
    except SystemExit as leaving:
        return (f"the script left with {leaving.code!r}\n", journal.place_of(leaving)) if leaving.code else ("", "")
    except BaseException as error:
        return _own_traceback(), journal.place_of(error)
    return "", ""


def _own_traceback() -> str:
    """Give the traceback without our own frames and those of runpy."""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        trace = trace.tb_next
    return "".join(traceback.format_exception(kind, error, trace))
