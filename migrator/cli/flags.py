"""Flags: what their values become, and which of them contradict each other."""

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
_VERIFY_ALONE = "--verify runs copies and writes nothing of yours; run it first, then --write (or preview with --diff)"


class Answer(NamedTuple):
    """What a run is to answer with."""

    write: bool
    diff: bool
    json: bool
    roles: bool
    quiet: bool
    verbose: bool
    stdin: bool
    colour: bool | None  # None: as the terminal wants it


def catalogue() -> Sequence[Rule]:
    """Give all rules, which take a while to import."""
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
        (answer.write and check, "--check only looks and --write writes; give one of them"),
        (answer.roles and (answer.write or check or diff or answer.json), "--roles is an answer of its own"),
        (answer.json and diff, "--diff and --output-format json both want standard output; the JSON lists every edit"),
        (answer.stdin and len(paths) > 1, "- is standard input and stands alone"),
        (answer.stdin and answer.write and diff, "--write - prints the new text, so it cannot print the diff too"),
        (
            stdin_filename and not answer.stdin,
            "--stdin-filename names standard input, which is read where the path is -",
        ),
    )
    for contradicts, message in contradictions:
        if contradicts:
            raise UsageError(message)


def refuse_flags_of_verify(context: click.Context) -> None:
    """Refuse flags that say nothing without --verify.

    Raises:  UsageError that names the first.
    """
    from click.core import ParameterSource

    for name in OF_VERIFY:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise UsageError(f"--{name} goes with --verify")


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
