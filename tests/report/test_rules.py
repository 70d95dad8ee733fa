"""The rules as a list, as pages, and as the README's table."""

from __future__ import annotations

from migrator.report.rules import explain, listing, table
from migrator.rules.rule import Example, Rule, Safety


class Backward(Rule):
    """Replace `loss.backward()` with `accelerator.backward(loss)`,
    for a | b.

    What: one call.

    Why: scaling.
    """

    code = "MIG301"
    name = "backward"
    examples = (
        Example("a plain call", "loss.backward()\nx = 1\n", "accelerator.backward(loss)\nx = 1\n"),
        Example("another backward", "engine.backward()\n"),
        Example("a gradient", "loss.backward(g)\n", reviews="MIG904"),
    )


class Half(Rule):
    """Report `model.half()`."""

    code = "MIG305"
    name = "half-precision"
    safety = Safety.REVIEW


RULES = [Backward(), Half()]


def test_the_list_has_a_line_for_each_rule_in_columns() -> None:
    assert listing(RULES) == (
        "MIG301  backward        applied   Replace `loss.backward()` with `accelerator.backward(loss)`, for a | b.\n"
        "MIG305  half-precision  reported  Report `model.half()`.\n"
    )


def test_the_list_of_no_rules_is_empty() -> None:
    assert listing([]) == ""


def test_the_table_escapes_what_markdown_would_read() -> None:
    assert table(RULES).splitlines() == [
        "| code | rule | level | what it does |",
        "| --- | --- | --- | --- |",
        "| MIG301 | backward | applied | Replace `loss.backward()` with `accelerator.backward(loss)`, for a \\| b. |",
        "| MIG305 | half-precision | reported | Report `model.half()`. |",
    ]


def test_a_page_shows_the_docstring_and_what_becomes_of_each_example() -> None:
    assert explain(RULES[0]) == (
        "MIG301 backward (applied)\n"
        "=========================\n"
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
        "another backward (left alone):\n"
        "\n"
        "    engine.backward()\n"
        "\n"
        "a gradient (reported as MIG904):\n"
        "\n"
        "    loss.backward(g)\n"
    )
