"""The command: parse, call the pipeline, print, exit. The only file that prints or exits."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from migrator import __version__, config
from migrator.cli import flags, help_text, terminal
from migrator.errors import Exit, MigrateError, Unverifiable, UsageError
from migrator.project import scan

if TYPE_CHECKING:
    from migrator.cli.flags import Answer
    from migrator.config import Settings
    from migrator.project.cache.disk_cache import DiskCache
    from migrator.report.report import ProgramReport
    from migrator.report.summary import RunSummary

SCRIPT = "migrator.script"  # where a context keeps what stands after --
WIDTH = 118
CONTEXT = {"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}


def _disk_cache(is_wanted: bool) -> DiskCache | None:
    """Give the cache on disk; None with --no-cache, or if there is no folder for it."""
    from migrator.project.cache.disk_cache import open_disk_cache

    return open_disk_cache(os.environ) if is_wanted else None


def _explain(code: str) -> str:
    """Give the pages of the rules that share a code."""
    from migrator.report.rules import explain

    rules = [rule for rule in flags.catalogue() if rule.code == code.upper()]
    if not rules:
        known = dict.fromkeys(rule.code for rule in flags.catalogue())
        raise UsageError(f"--explain: no rule is called `{code}`{config.closest(code.upper(), known)}")
    return "\n".join(map(explain, rules))


def _listing() -> str:
    from migrator.report.rules import listing

    return listing(flags.catalogue())


def _put_output(reports: Sequence[ProgramReport], outcome: RunSummary, answer: Answer) -> None:
    """Print what goes to standard output."""
    if answer.roles:
        tables = [report.roles for report in reports if report.roles]
        terminal.put(("\n".join(tables) or "No variable has a role here.\n").encode())
    elif answer.json:
        from migrator.report import json

        terminal.put(json.render(reports, outcome, answer.write, with_text=answer.stdin).encode())
    elif answer.diff and outcome.changed:
        terminal.put_diff(reports, answer.colour)


def _say_report(reports: Sequence[ProgramReport], outcome: RunSummary, answer: Answer, target: str) -> None:
    """Print what goes to standard error."""
    from migrator.report import text

    chatty = not (answer.quiet or answer.roles)
    if chatty and not answer.json:
        for line in text.findings(reports, answer.verbose):
            terminal.say(line)
    for report in reports:
        for problem in report.problems:
            terminal.say(text.problem(problem))
    if chatty:
        terminal.say(text.summary(outcome, answer.write, answer.verbose))
    if chatty and outcome.changed:
        from migrator.cli.next_steps import advice

        scripts = [script for report in reports for script in report.entries]
        for line in advice(scripts, target, written=answer.write and not answer.stdin):
            terminal.say(line)


def _finish(reports: Sequence[ProgramReport], files: int, settings: Settings, answer: Answer) -> int:
    """Print the answer and give the exit code."""
    if not (reports or answer.json or answer.roles):  # most runs of a pre-commit hook end here: import little
        from migrator.report.text import nothing

        if not answer.quiet:
            terminal.say(nothing(files))
        return Exit.DONE
    from migrator.report.summary import count

    outcome = count(reports, files)
    _put_output(reports, outcome, answer)
    _say_report(reports, outcome, answer, settings.target)
    if answer.roles:  # a question about the code, whatever there is to change
        return Exit.FILE if outcome.errors else Exit.DONE
    return outcome.exit_code(answer.write, settings.strict)


def _analyse_paths(
    paths: Sequence[str], settings: Settings, answer: Answer, cache: bool
) -> tuple[list[ProgramReport], int]:
    """Migrate files in memory, and count them; libcst is imported only if some of them may need a change."""
    from migrator.source.discover import discover

    found = discover(paths, settings.exclude, settings.force_exclude)
    candidates = scan.candidates(found)
    if not candidates:
        return [], len(found)
    from migrator.project import pipeline

    with terminal.progress(len(candidates), answer.quiet) as progress:
        others = sorted(set(found).difference(candidates))
        return pipeline.analyse(candidates, settings, progress, _disk_cache(cache), others), len(found)


def _migrate_paths(paths: Sequence[str], settings: Settings, answer: Answer, cache: bool) -> int:
    """Migrate files, and write them where that is asked for."""
    reports, files = _analyse_paths(paths, settings, answer, cache)
    if answer.write and reports:
        from migrator.project import write

        reports = write.write_programs(reports)
    return _finish(reports, files, settings, answer)


def _verify(paths: Sequence[str], settings: Settings, answer: Answer, cache: bool, proof: dict[str, Any]) -> int:
    """Run the original and the migrated script, and report the verdict."""
    from migrator.verify.request import Request
    from migrator.verify.show import report
    from migrator.verify.verify import verify

    command = click.get_current_context().meta.get(SCRIPT, ())
    request = Request(
        command, tuple(paths), proof["nproc"], proof["steps"], proof["timeout"], proof["against"], proof["share"]
    )
    reports, _ = _analyse_paths(paths, settings, answer, cache)
    for problem in (problem for one in reports for problem in one.problems):
        terminal.say(f"error: {problem}")
    result = verify(request, reports, settings, (lambda line: None) if answer.quiet else terminal.say)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    terminal.put(("\n".join(report.lines(result, width)) + "\n").encode())
    if proof["report"]:
        report.write(result, proof["report"])
        terminal.say(f"Written: {proof['report']}")
    return report.EXITS[result.outcome]


def _migrate_stdin(path: str, settings: Settings, answer: Answer) -> int:
    """Migrate standard input; with --write its new text goes to standard output, changed or not."""
    data = sys.stdin.buffer.read()
    reports: list[ProgramReport] = []
    if scan.matters(data):
        from migrator.project import pipeline

        reports = pipeline.analyse_text(data, path, settings)
    if answer.write and not answer.json:
        new = [file.source.encode(file.text) for report in reports for file in report.files if file.text is not None]
        terminal.put(new[0] if new else data)
    return _finish(reports, 1, settings, answer)


def _internal_error() -> str:
    import platform
    from traceback import format_exc

    return (
        f"{format_exc()}INTERNAL ERROR: this is a bug in migrate, not in your files, and no file is partly written. "
        "Please open an issue with the lines above and the smallest script that shows it "
        f"(migrate {__version__}, Python {platform.python_version()}, {platform.system()})."
    )


def _code_of(error: MigrateError) -> Exit:
    if isinstance(error, Unverifiable):
        return Exit.UNVERIFIED
    return Exit.USAGE if isinstance(error, UsageError) else Exit.FILE


class _Command(click.Command):
    """A command that always ends with one of our exit codes; the arguments after -- are kept for --verify."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Separate the command line of the script that --verify runs."""
        if "--verify" in args and "--" in args:
            at = args.index("--")
            context.meta[SCRIPT] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(context, args)

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the command and exit."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except click.Abort:  # click's word for KeyboardInterrupt
            terminal.say("Interrupted. No file is partly written: each one is either unchanged or completely migrated.")
            code = Exit.INTERRUPTED
        except click.ClickException as error:
            error.show()
            code = Exit.USAGE
        except MigrateError as error:
            terminal.say(f"error: {error}")
            code = _code_of(error)
        except Exception:
            terminal.say(_internal_error())
            code = Exit.FILE
        sys.exit(code)


@click.command(cls=_Command, help=help_text.HELP, epilog=help_text.EPILOG, context_settings=CONTEXT)
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--diff", is_flag=True, help="Print a unified diff for patch -p0 (the default without --check or --write)."
)
@click.option("--check", is_flag=True, help="Print no diff; the exit code says whether changes are pending.")
@click.option("--write", is_flag=True, help="Write the changes; for - print the new text.")
@click.option(
    "--select",
    multiple=True,
    callback=flags.codes,
    shell_complete=flags.complete_code,
    metavar="CODES",
    help="Use only these rules; MIG3 means all of MIG3xx. Comma-separated, repeatable.",
)
@click.option(
    "--ignore",
    multiple=True,
    callback=flags.codes,
    shell_complete=flags.complete_code,
    metavar="CODES",
    help="Do not use these rules; between --select and --ignore the longer code wins. Comma-separated, repeatable.",
)
@click.option("--unsafe/--no-unsafe", default=None, help="Also apply changes that may not be safe in every case.")
@click.option("--target", type=click.Choice(config.TARGETS), help="The package to import Accelerator from.  [runtime]")
@click.option(
    "--exclude",
    multiple=True,
    callback=flags.words,
    metavar="PATTERNS",
    help="Skip files that match these .gitignore patterns. Comma-separated, repeatable.",
)
@click.option(
    "--force-exclude", is_flag=True, default=None, help="Apply the exclude patterns also to files that PATHS name."
)
@click.option(
    "--follow/--no-follow", default=None, help="Also change local modules that PATHS import, where that is needed."
)
@click.option("--strict/--no-strict", default=None, help="Exit with code 3 if something blocks or needs a review.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", help="The format of the report.  [text]"
)
@click.option(
    "--stdin-filename",
    metavar="PATH",
    type=click.Path(),
    help="The file name of standard input, for settings and messages.",
)
@click.option(
    "--color/--no-color", "colour", default=None, help="Colour the diff.  [on a terminal, unless NO_COLOR is set]"
)
@click.option("-q", "--quiet", is_flag=True, help="Print no findings and no summary, only errors and the diff.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Also print every edit, and for each finding the reason and what to do."
)
@click.option(
    "--roles", is_flag=True, help="Print the role of every variable (model, optimizer, ...), with the evidence."
)
@click.option(
    "--no-cache",
    "cache",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Do not use or write the cache of earlier runs.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Run the script after --, original and migrated, in copies of the project, and compare them; write nothing.",
)
@click.option(
    "--nproc", type=click.IntRange(2), default=2, metavar="N", help="With --verify: number of processes.  [2]"
)
@click.option(
    "--steps", type=click.IntRange(1), default=20, metavar="K", help="With --verify: optimizer steps per run.  [20]"
)
@click.option(
    "--timeout",
    type=click.FloatRange(1),
    default=600.0,
    metavar="S",
    help="With --verify: time limit per run, in seconds.  [600]",
)
@click.option(
    "--against",
    metavar="REV",
    default="",
    help="With --verify: the git revision with the original of files that are already migrated.",
)
@click.option(
    "--share",
    multiple=True,
    metavar="PATH",
    type=click.Path(exists=True),
    help="With --verify: use this data folder without copying it. Repeatable.",
)
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True),
    callback=flags.report_name,
    help="With --verify: also write an HTML page (.html) or all figures (.json).",
)
@click.option(
    "--explain", metavar="CODE", shell_complete=flags.complete_code, help="Print the documentation of a rule."
)
@click.option(
    "--list-rules", is_flag=True, help="Print all rules and what each one does: edits, blocks, reviews or notes."
)
@click.version_option(__version__, prog_name="migrate")
def command(
    paths: tuple[str, ...],
    diff: bool,
    check: bool,
    output_format: str,
    stdin_filename: str | None,
    explain: str | None,
    list_rules: bool,
    write: bool,
    quiet: bool,
    verbose: bool,
    colour: bool | None,
    roles: bool,
    cache: bool,
    verify: bool,
    **settings_flags: Any,
) -> int:
    """Carry out one command line; `settings_flags` are those of `Settings`."""
    if explain or list_rules:
        terminal.put((_explain(explain) if explain else _listing()).encode())
        return Exit.DONE
    proof = {name: settings_flags.pop(name) for name in flags.OF_VERIFY}
    if not verify:
        flags.refuse_flags_of_verify(click.get_current_context())
    answer = flags.Answer(
        write=write,
        diff=diff or not (check or write),
        json=output_format == "json",
        roles=roles,
        quiet=quiet,
        verbose=verbose,
        stdin=flags.STDIN in paths,
        colour=colour,
    )
    flags.check_combination(paths, stdin_filename, answer, check, diff, verify)
    paths = paths or (os.curdir,)
    first = (stdin_filename or os.curdir) if answer.stdin else paths[0]
    settings = config.load(first, {**settings_flags, "roles": roles, "preview": not write})
    if settings.select or settings.ignore:
        from migrator.project.cache.cache import codes

        config.check_codes(settings, codes(_disk_cache(cache), lambda: [rule.code for rule in flags.catalogue()]))
    if verify:
        return _verify(paths, settings, answer, cache, proof)
    if answer.stdin:
        return _migrate_stdin(stdin_filename or "<stdin>", settings, answer)
    return _migrate_paths(paths, settings, answer, cache)


main = command.main
