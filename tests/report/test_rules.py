"""The rules as a list, as pages, and as the tables of docs/rules.md."""

from __future__ import annotations

from migrator.report.rules import explain, listing, table
from migrator.rules.rule import Example, Rule
from migrator.rules.severity import Effect


class Backward(Rule):
    """Replace `loss.backward()` with `accelerator.backward(loss)`,
    for a | b.

    What: one call.

    Why: scaling.
    """

    code = "MIG301"
    name = "backward"
    effect = Effect.EDITS
    examples = (
        Example("a plain call", "loss.backward()\nx = 1\n", "accelerator.backward(loss)\nx = 1\n"),
        Example("another backward", "engine.backward()\n"),
        Example("a gradient", "loss.backward(g)\n", reviews="MIG904"),
    )


class Half(Rule):
    """Report `model.half()`."""

    code = "MIG305"
    name = "half-precision"
    effect = Effect.BLOCKS


RULES = [Backward(), Half()]


def test_the_list_has_a_line_for_each_rule_in_columns() -> None:
    assert listing(RULES) == (
        "MIG301  backward        edits   Replace `loss.backward()` with `accelerator.backward(loss)`, for a | b.\n"
        "MIG305  half-precision  blocks  Report `model.half()`.\n"
    )


def test_the_list_of_no_rules_is_empty() -> None:
    assert listing([]) == ""


def test_there_is_a_table_for_each_effect_which_escapes_what_markdown_would_read() -> None:
    sections = table(RULES).split("\n## ")
    edits, unsafe, blocks, *others = sections
    assert edits.splitlines()[0] == "## Edits"
    assert edits.splitlines()[4:] == [
        "| code | rule | what it does |",
        "| --- | --- | --- |",
        "| MIG301 | backward | Replace `loss.backward()` with `accelerator.backward(loss)`, for a \\| b. |",
    ]
    assert unsafe.splitlines()[-1] == "No rule does so today."
    assert blocks.splitlines()[0] == "Blocks"
    assert blocks.splitlines()[-1] == "| MIG305 | half-precision | Report `model.half()`. |"
    assert [section.splitlines()[0] for section in others] == ["Reviews", "Notes"]


def test_a_page_shows_the_docstring_and_what_becomes_of_each_example() -> None:
    assert explain(RULES[0]) == (
        "MIG301 backward (edits)\n"
        "=======================\n"
        "\n"
        "Replace `loss.backward()` with `accelerator.backward(loss)`,\n"
        "for a | b.\n"
        "\n"
        "What: one call.\n"
        "\n"
        "Why: scaling.\n"
        "\n"
        "a plain call (rewritten):\n"
        "\n"
        "    -loss.backward()\n"
        "    +accelerator.backward(loss)\n"
        "     x = 1\n"
        "\n"
        "another backward (not affected):\n"
        "\n"
        "    engine.backward()\n"
        "\n"
        "a gradient (reported as MIG904):\n"
        "\n"
        "    loss.backward(g)\n"
    )
