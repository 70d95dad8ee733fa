"""Every program of ``fixtures/``: its migration is the expected text, and that text trains as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.programs.oracle.program import Program
from tests.programs.oracle.runner import Runner
from tests.programs.oracle.script import Script, items, migrated, reports, scripts
from tests.programs.oracle.verdict import check_accelerate, check_everything, check_one_process, check_two_processes

SCRIPTS = scripts()
GATE_OFF = ("MIG004",)


def named(found: list[Script]) -> list[object]:
    return [pytest.param(one, id=one.name) for one in found]


every = pytest.mark.parametrize("script", named(SCRIPTS))
each_migrated = pytest.mark.parametrize("script", named([one for one in SCRIPTS if one.after is not None]))


# ---------------------------------------------------------------- the text


def outcome(script: Script, program: Program, **others: object) -> Program | None:
    """Migrate a program of a fixture as the command that the fixture shows does."""
    return migrated(program, script.settings(**others), script.facts.given)


@every
def test_the_output_is_the_expected_text(script: Script, request: pytest.FixtureRequest) -> None:
    found = outcome(script, script.before)
    if request.config.getoption("--accept") and found != script.after:
        accept(script, found, request.getfixturevalue("runner"))
    else:
        assert dict(found.files if found else ()) == dict(script.after.files if script.after else ())


def accept(script: Script, found: Program | None, runner: Runner) -> None:
    """Write a new expected text, if it passes the oracle."""
    for_accelerate = outcome(script, script.before, target="accelerate")
    if found is None or for_accelerate is None:
        pytest.fail(f"{script.name} is left alone now; if that is right, remove what is expected by hand")
    check_everything(runner, script.before, found, for_accelerate, script.facts)
    found.save(script.folder / "after.py")


@every
def test_its_notes_have_three_lines(script: Script) -> None:
    notes = (script.folder / "notes.md").read_text().splitlines()
    assert len(notes) == 3
    assert all(20 < len(line) <= 140 for line in notes)


@each_migrated
def test_a_second_run_changes_nothing(script: Script) -> None:
    assert script.after is not None
    assert outcome(script, script.after) is None
    assert outcome(script, script.after, ignore=GATE_OFF) is None


@each_migrated
def test_for_accelerate_the_import_alone_differs(script: Script) -> None:
    assert script.after is not None
    ours, theirs = "from runtime import Accelerator\n", "from accelerate import Accelerator\n"
    assert any(ours in text for text in script.after)
    assert outcome(script, script.before, target="accelerate") == script.after.replace(ours, theirs)


@pytest.mark.parametrize("script", named([one for one in SCRIPTS if one.facts.given]))
def test_what_was_not_given_is_left_alone_with_the_file_that_is_missing(script: Script) -> None:
    assert migrated(script.before, given=script.facts.given) is None
    missing = {name for name, item in items(script.before, script.settings(), script.facts.given) if item.applied}
    missing -= set(script.facts.given)
    assert missing
    told = " ".join(item.reason for _, item in items(script.before, given=script.facts.given))
    assert all(f"{name} is not among the given files" in told for name in missing)


# ---------------------------------------------------------------- the bytes


@dataclass(frozen=True, slots=True)
class Variant:
    """Another way to write a file down, and the way back."""

    name: str
    there: Callable[[str], bytes]
    back: Callable[[bytes], str]


def with_tabs(text: str) -> bytes:
    def indent(line: str) -> str:
        depth = (len(line) - len(line.lstrip(" "))) // 4
        return "\t" * depth + line[4 * depth :]

    return "".join(map(indent, text.splitlines(keepends=True))).encode()


def without_tabs(data: bytes) -> str:
    def indent(line: str) -> str:
        depth = len(line) - len(line.lstrip("\t"))
        return "    " * depth + line[depth:]

    return "".join(map(indent, data.decode().splitlines(keepends=True)))


VARIANTS = [
    Variant("crlf", lambda text: text.replace("\n", "\r\n").encode(), lambda data: data.decode().replace("\r\n", "\n")),
    Variant("tabs", with_tabs, without_tabs),
    Variant("bom", lambda text: text.encode("utf-8-sig"), lambda data: data.decode("utf-8-sig")),
    Variant("no newline at the end", lambda text: text[:-1].encode(), lambda data: data.decode() + "\n"),
]


@pytest.mark.parametrize("variant", [pytest.param(one, id=one.name) for one in VARIANTS])
@each_migrated
def test_however_it_is_written_down_the_edits_are_the_same(script: Script, variant: Variant) -> None:
    assert script.after is not None
    found = reports(script.before, script.settings(), script.facts.given, variant.there)
    expected = dict(script.after.files)
    for name, text in script.before.files:
        changed = [file for file in found.get(name, ()) if file.text is not None]
        assert bool(changed) == (text != expected[name]), name
        for file in changed:
            written = file.source.encode(file.text)
            assert variant.there(variant.back(written)) == written, "the variant is not kept up"
            assert variant.back(written) == expected[name]


# ---------------------------------------------------------------- the runs


@each_migrated
def test_one_process_computes_the_same(script: Script, runner: Runner) -> None:
    assert script.after is not None
    check_one_process(runner, script.before, script.after, script.facts)


@each_migrated
def test_two_processes_train_as_the_original_would_by_hand(script: Script, runner: Runner) -> None:
    assert script.after is not None
    check_two_processes(runner, script.before, script.after, script.facts)


@each_migrated
def test_accelerate_computes_the_same(script: Script, runner: Runner) -> None:
    found = outcome(script, script.before, target="accelerate")
    assert found is not None
    check_accelerate(runner, script.before, found, script.facts)
