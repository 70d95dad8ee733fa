"""Settings: `[tool.migrate]` in the nearest pyproject.toml, overridden by flags."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from migrator.errors import ConfigError, UsageError

TARGETS = ("runtime", "accelerate")
# what a callable can be said to make, in `[tool.migrate.makes]`
MADE = ("model", "optimizer", "scheduler", "loader", "sampler", "dataset", "loss")
EVERY_RULE = "MIG"  # how all codes begin


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings that affect the migration of a file; no other code reads flags or the environment.

    ``select`` and ``ignore`` hold codes or their beginnings: ``MIG3`` means every rule of family 3xx.
    """

    target: str = "runtime"  # the package that `Accelerator` is imported from
    select: tuple[str, ...] = ()  # empty: every rule
    ignore: tuple[str, ...] = ()
    unsafe: bool = False  # apply changes of level `unsafe` too
    exclude: tuple[str, ...] = ()  # .gitignore patterns
    force_exclude: bool = False  # exclude files that the command line names, too
    follow: bool = False  # edit the local modules that a given file reaches, too
    strict: bool = False  # what is left to review makes the exit code 3
    makes: tuple[tuple[str, str], ...] = ()  # dotted names of callables, each with one of MADE
    # modes of one run, so no keys of the file
    roles: bool = False  # fill `ProgramReport.roles`
    preview: bool = False  # nothing is written, so results need not pass a second migration

    def wants(self, code: str) -> bool:
        """Whether a rule is selected: the longest prefix that fits decides, and `ignore` wins a tie."""
        return _longest_fit(code, self.select or (EVERY_RULE,)) > _longest_fit(code, self.ignore)


def _longest_fit(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def closest(word: str, known: Iterable[str]) -> str:
    """Finish a message about an unknown word with the known one that was probably meant, if there is one."""
    from difflib import get_close_matches

    match = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{match[0]}`?" if match else ""


def check_codes(settings: Settings, known: Iterable[str]) -> None:
    """Insist that every entry of `select` and `ignore` begins at least one known code.

    Raises:  UsageError that names the closest match.
    """
    known = tuple(known)
    for option, prefixes in (("select", settings.select), ("ignore", settings.ignore)):
        for prefix in prefixes:
            if not prefix or not any(code.startswith(prefix) for code in known):
                raise UsageError(f"{option}: no rule is called `{prefix}`{closest(prefix, known)}")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError("a list of strings")
    return tuple(value)


def _codes(value: object) -> tuple[str, ...]:
    return tuple(code.upper() for code in _words(value))


def _target(value: object) -> str:
    if value not in TARGETS:
        raise ValueError(" or ".join(f'"{target}"' for target in TARGETS))
    return str(value)


class _Entry(ValueError):
    """What is wrong with one entry of a table."""


def _makes(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError("a table of dotted names, each with the kind of object that it makes")
    for name, made in value.items():
        if not _DOTTED.fullmatch(name):
            raise _Entry(f'`{name}` must be a dotted name such as "package.module.build"')
        if made not in MADE:
            hint = closest(made, MADE) if isinstance(made, str) else ""
            raise _Entry(f"`{name}` must be {', '.join(MADE[:-1])} or {MADE[-1]}, not {_shown(made)}{hint}")
    return tuple(value.items())


_DOTTED = re.compile(r"(\w+\.)*(\w+|\*)")

# Key of the table -> how its value is read; a reader raises ValueError with what it wants to see.
KEYS: Mapping[str, Callable[[object], Any]] = {
    "target": _target,
    "select": _codes,
    "ignore": _codes,
    "unsafe": _flag,
    "exclude": _words,
    "force-exclude": _flag,
    "follow": _flag,
    "strict": _flag,
    "makes": _makes,
}


def _shown(value: object) -> str:
    """Write a TOML value as its author would; a list or table by its kind."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case list():
            return "this list"
        case dict():
            return "a table"
        case _:
            return str(value)


def _settings(path: str, table: Mapping[str, Any]) -> Settings:
    """Turn `[tool.migrate]` into settings."""
    values = {}
    for key, value in table.items():
        if key not in KEYS:
            hint = closest(key, KEYS) or f"; the keys are {', '.join(KEYS)}"
            raise ConfigError(f"{path}: [tool.migrate] has no key `{key}`{hint}")
        try:
            values[key.replace("-", "_")] = KEYS[key](value)
        except _Entry as error:
            raise ConfigError(f"{path}: [tool.migrate.{key}] {error}") from error
        except ValueError as error:
            raise ConfigError(f"{path}: [tool.migrate] `{key}` must be {error}, not {_shown(value)}") from error
    return Settings(**values)


def _parse_toml(text: str) -> Mapping[str, Any]:
    # Imported here: most runs meet no table of ours, and every millisecond of start-up is paid on every run.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    document: Mapping[str, Any] = tomllib.loads(text)
    return document


def _table(path: str) -> Mapping[str, Any]:
    """Give the `[tool.migrate]` of a pyproject.toml, empty where there is none."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        if b"migrate" not in data:  # however the table's name is spelt, this is part of it
            return {}
        document = _parse_toml(data.decode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are both ValueErrors
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    tool = document.get("tool", {})
    table = tool.get("migrate", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: `tool.migrate` must be a table, not {_shown(table)}")
    return table


def find_pyproject(path: str) -> str | None:
    """Give the nearest pyproject.toml in the folder of ``path`` or above it."""
    folder = os.path.abspath(path)
    while True:
        candidate = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(candidate):
            return candidate
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def load(first_path: str, flags: Mapping[str, Any]) -> Settings:
    """Read the settings that hold for ``first_path``; a flag that is not None overrides the file.

    Raises:  ConfigError for a table that cannot be used.
    """
    path = find_pyproject(first_path)
    settings = _settings(path, _table(path)) if path else Settings()
    return replace(settings, **{name: value for name, value in flags.items() if value is not None})
