"""README.md and docs/rules.md match the code: example, rules, commands, settings, exit codes."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from migrator.cli.command import command
from migrator.config import KEYS, load
from migrator.errors import Exit
from migrator.rules.catalogue import CATALOGUE
from scripts import readme

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_example_is_that_of_today() -> None:
    assert readme.current_readme(TEXT) == TEXT, "run `make docs`"


def test_the_rules_are_those_of_today() -> None:
    text = readme.RULES.read_text(encoding="utf-8")
    assert text == readme.current_rules(), "run `make docs`"
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Edits",
        "Edits with `--unsafe`",
        "Blocks",
        "Reviews",
        "Notes",
    ]
    assert text.count("\n| MIG") == len(CATALOGUE)


def test_the_first_screen_says_what_is_edited_reported_and_refused() -> None:
    first = TEXT.split("## Install")[0]
    assert "| edited | only reported | refused" in first
    assert "(docs/rules.md)" in first
    assert len(TEXT.split("<!-- figures")[0].splitlines()) < 220


def test_the_example_is_one_worth_showing() -> None:
    (example,) = blocks("diff")
    added = [line for line in example.splitlines() if line.startswith("+")]
    assert "+from runtime import Accelerator" in added
    assert any("accelerator.prepare(" in line for line in added)
    assert any("accelerator.backward(loss)" in line for line in added)


def test_the_targets_that_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z]+)\b", TEXT))
    assert {"demo", "test"} <= named <= targets


def test_the_pages_that_it_links_exist() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", TEXT)
    assert "docs/verify-example.html" in links
    assert all((ROOT / link).is_file() for link in links)


def test_the_flags_that_it_names_exist() -> None:
    flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help"}
    commands = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ migrate")]
    named = {word for line in commands for word in line.split("#")[0].split(" -- ")[0].split() if word.startswith("-")}
    assert {"--write", "--diff", "--roles", "-v"} <= named <= flags


def test_the_settings_that_it_shows_are_all_there_are(tmp_path: Path) -> None:
    (settings,) = blocks("toml")
    assert set(re.findall(r"^(?:\[tool\.migrate\.)?([a-z-]+)(?: = |\])", settings, re.MULTILINE)) == set(KEYS)
    (tmp_path / "pyproject.toml").write_text(settings)
    assert load(str(tmp_path), {}).exclude == ("experiments/",)


def test_the_exit_codes_that_it_lists_are_all_there_are() -> None:
    help_text = CliRunner().invoke(command, ["--help"]).stdout
    codes = [str(code.value) for code in Exit]
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == codes
    assert re.findall(r"^    (\d+) ", help_text, re.MULTILINE) == codes


def test_the_help_teaches_by_example() -> None:
    help_text = CliRunner().invoke(command, ["--help"]).stdout
    for words in (
        "migrate train.py --write",
        "torchrun --nproc_per_node 2 train.py",
        "patch -R -p0",
        "--explain MIG301",
    ):
        assert words in help_text
    assert "\b" not in help_text
    assert all(len(line) <= 118 for line in help_text.splitlines())
