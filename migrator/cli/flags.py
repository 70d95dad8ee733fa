"""Flags: how their values are converted, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from migrator.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from migrator.rules.rule import Rule

STDIN = "-"
OF_VERIFY = ("nproc", "steps", "timeout", "against", "share", "report")  # flags that go with --verify alone
_VERIFY_ALONE = "--verify changes no file; run it first, then --write (or preview with --diff)"


class Answer(NamedTuple):
    """What a run prints and writes."""

    write: bool
    diff: bool
    json: bool
    roles: bool
    quiet: bool
    verbose: bool
    stdin: bool
    colour: bool | None  # None: as the terminal wants it


def catalogue() -> Sequence[Rule]:
    """Give all rules; importing them takes a while."""
    from migrator.rules.catalogue import CATALOGUE

    catalogue: Sequence[Rule] = CATALOGUE
    return catalogue


def check_combination(
    paths: Sequence[str], stdin_filename: str | None, answer: Answer, check: bool, diff: bool, verify: bool
) -> None:
    """Refuse flags that contradict each other.

    Raises:  UsageError that says which to drop.
    """
    contradictions = (
        (verify and (answer.write or check or answer.roles or answer.stdin or diff), _VERIFY_ALONE),
        (answer.write and check, "--check changes no file and --write does; give only one of them"),
        (
            answer.roles and (answer.write or check or diff or answer.json),
            "--roles cannot be combined with --write, --check, --diff or --output-format json",
        ),
        (
            answer.json and diff,
            "--diff and --output-format json both print to standard output; give only one of them (the JSON lists every edit)",
        ),
        (answer.stdin and len(paths) > 1, "- (standard input) cannot be combined with other paths"),
        (answer.stdin and answer.write and diff, "--write - prints the new text, so it cannot also print the diff"),
        (
            stdin_filename and not answer.stdin,
            "--stdin-filename needs the path - (standard input)",
        ),
    )
    for contradicts, message in contradictions:
        if contradicts:
            raise UsageError(message)


def refuse_flags_of_verify(context: click.Context) -> None:
    """Refuse flags that have no effect without --verify.

    Raises:  UsageError that names the first.
    """
    from click.core import ParameterSource

    for name in OF_VERIFY:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise UsageError(f"--{name} has no effect without --verify")


def words(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Flatten a repeatable option; None where it was not given, so that the file's value holds."""
    return tuple(word.strip() for value in values for word in value.split(",")) if values else None


def report_name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Insist on a name whose ending says what to write."""
    if value and not value.endswith((".html", ".json")):
        raise click.BadParameter("its name must end with .html or .json")
    return value


def codes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Flatten a repeatable option of codes of rules."""
    given = words(context, parameter, values)
    return given and tuple(word.upper() for word in given)


def complete_code(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the code of a rule."""
    from click.shell_completion import CompletionItem

    matching = (rule for rule in catalogue() if rule.code.startswith(incomplete.upper()))
    return [CompletionItem(rule.code, help=rule.name) for rule in matching]
