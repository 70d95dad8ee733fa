"""What operations do to lines, comments, blank lines and emptied blocks, as whole texts."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from migrator.source.block import Insert, Replace, Uncomposable, compose
from migrator.source.edit import Conflict, apply
from migrator.source.module import Module
from migrator.source.span import Span
from tests.source.request import (
    Request,
    after,
    before,
    carry_out,
    drop,
    insert,
    insert_last,
    read,
    replace,
    statement,
    unwrap,
    wrap,
)


@dataclass(frozen=True)
class Case:
    """A text, what is asked for, and the text that comes of it."""

    name: str
    before: str
    requests: Sequence[Request]
    after: str


DROPS = [
    Case("a statement on its own line", "a\nb\nc\n", [drop("b")], "a\nc\n"),
    Case("the larger group of blank lines stays, below", "a\n\nb\n\n\nc\n", [drop("b")], "a\n\n\nc\n"),
    Case("the larger group of blank lines stays, above", "a\n\n\nb\n\nc\n", [drop("b")], "a\n\n\nc\n"),
    Case("one group of blank lines stays as it is", "a\n\nb\nc\n", [drop("b")], "a\n\nc\n"),
    Case("neighbours with their blank lines", "a\n\nb\n\nc\n\nd\n", [drop("b"), drop("c")], "a\n\nd\n"),
    Case("the last statement leaves no blank lines", "a\n\nb\n", [drop("b")], "a\n"),
    Case("the last statement of a file without a final line end", "a\n\nb", [drop("b")], "a"),
    Case("blank lines at the end of the file stay", "a\n\nb\n\n\n", [drop("b")], "a\n\n\n"),
    Case("the first statement leaves no blank lines", "a\n\nb\n", [drop("a")], "b\n"),
    Case("all there is", "a\n", [drop("a")], ""),
    Case(
        "the first of a block leaves no blank line below the header",
        "if x:\n    a\n\n    b\n",
        [drop("a")],
        "if x:\n    b\n",
    ),
    Case(
        "the last before an else leaves no blank line above it",
        "if x:\n    a\n\n    b\nelse:\n    c\n",
        [drop("b")],
        "if x:\n    a\nelse:\n    c\n",
    ),
    Case(
        "the last of a function keeps the two blank lines below it",
        "def f():\n    a\n\n    b\n\n\ndef g():\n    c\n",
        [drop("b")],
        "def f():\n    a\n\n\ndef g():\n    c\n",
    ),
    Case("a trailing comment stays as a line of its own", "a\n\nb  # why\n\n\nc\n", [drop("b")], "a\n\n# why\n\n\nc\n"),
    Case("a comment above stays", "a\n# why\nb\nc\n", [drop("b")], "a\n# why\nc\n"),
    Case("a directive goes with its line", "a\nb  # noqa: E501\nc\n", [drop("b")], "a\nc\n"),
    Case("comments inside a statement stay", "b(  # x\n    1,  # y\n)  # z\nc\n", [drop("b")], "# x\n# y\n# z\nc\n"),
    Case("what looks like a comment in a string goes", "b = '''\n# no\n'''\nc\n", [drop("b")], "c\n"),
    Case("the first of a line", "a; b; c  # why\n", [drop("a")], "b; c  # why\n"),
    Case("the middle of a line", "a; b; c  # why\n", [drop("b")], "a; c  # why\n"),
    Case("the last of a line", "a; b; c  # why\n", [drop("c")], "a; b  # why\n"),
    Case("all of a line", "a; b;  # why\nc\n", [drop("a"), drop("b")], "# why\nc\n"),
    Case("behind a backslash", "a; \\\n  b\nc\n", [drop("b")], "a\nc\n"),
    Case("before a backslash", "a; \\\n  b\nc\n", [drop("a")], "b\nc\n"),
    Case("a comment inside one of several on a line", "a(  # why\n); b\n", [drop("a")], "# why\nb\n"),
    Case("one of a suite", "if x: a; b  # why\n", [drop("a")], "if x: b  # why\n"),
    Case("a decorated function", "a\n\n@d\n# why\n@e\ndef f():\n    pass\n\nb\n", [drop("def")], "a\n\n# why\n\nb\n"),
    Case(
        "a loop, with the comments in it",
        "for i in x:  # head\n    # inside\n    a\n    # below\n# after\nb\n",
        [drop("for")],
        "# head\n# inside\n# below\n# after\nb\n",
    ),
    Case(
        "what is asked for inside goes, too",
        "if x:\n    a\nb\n",
        [drop("if"), wrap("a", "a", "if h:"), replace("a", "c")],
        "b\n",
    ),
]

EMPTIED = [
    Case("an if goes", "if x:\n    a\nb\n", [drop("a")], "b\n"),
    Case("an if behind which it stands goes", "if x: a\nb\n", [drop("a")], "b\n"),
    Case("nested ifs go", "if x:\n    if y:\n        a\n    b\nc\n", [drop("a"), drop("b")], "c\n"),
    Case(
        "its comments stay",
        "if x:  # head\n    # above\n    a  # behind\nb\n",
        [drop("a")],
        "# head\n# above\n# behind\nb\n",
    ),
    Case("a condition with an effect stays", "if x():\n    a\nb\n", [drop("a")], "if x():\n    pass\nb\n"),
    Case("a condition that assigns stays", "if (y := x): a\nb\n", [drop("a")], "if (y := x): pass\nb\n"),
    Case("a condition that only asks does not", "if x.is_ok() and len(y) > 1:\n    a\nb\n", [drop("a")], "b\n"),
    Case("a look-up does not", "if d.get('x'):\n    a\nb\n", [drop("a")], "b\n"),
    Case("taking from a queue stays", "if q.get():\n    a\nb\n", [drop("a")], "if q.get():\n    pass\nb\n"),
    Case("an else arm turns the condition", "if x:\n    a\nelse:\n    b\n", [drop("a")], "if not x:\n    b\n"),
    Case("a negation goes", "if not x:\n    a\nelse:\n    b\n", [drop("a")], "if x:\n    b\n"),
    Case("a negation in brackets goes", "if(not x):\n    a\nelse:\n    b\n", [drop("a")], "if(x):\n    b\n"),
    Case("a condition in brackets", "if(x):\n    a\nelse:\n    b\n", [drop("a")], "if not (x):\n    b\n"),
    Case(
        "a condition that needs brackets", "if x or y:\n    a\nelse:\n    b\n", [drop("a")], "if not (x or y):\n    b\n"
    ),
    Case(
        "a condition that is replaced",
        "if x:\n    a\nelse:\n    b\n",
        [drop("a"), replace("x", "y or z")],
        "if not (y or z):\n    b\n",
    ),
    Case(
        "a negation that is replaced",
        "if not x:\n    a\nelse:\n    b\n",
        [drop("a"), replace("not x", "y == z")],
        "if not (y == z):\n    b\n",
    ),
    Case("on one line", "if x: a\nelse: b\n", [drop("a")], "if not x: b\n"),
    Case("on one line with a comment", "if x: a  # why\nelse: b\n", [drop("a")], "if not x:\n    # why\n    b\n"),
    Case("an else on one line below a block", "if x:\n    a\nelse: b; c\n", [drop("a")], "if not x:\n    b; c\n"),
    Case("a block below an if on one line", "if x: a\nelse:\n    b\n", [drop("a")], "if not x:\n    b\n"),
    Case(
        "comments of both arms",
        "if x:  # 1\n    a  # 2\n    # 3\nelse:  # 4\n    # 5\n    b\n",
        [drop("a")],
        "if not x:  # 1\n    # 2\n    # 3\n    # 4\n    # 5\n    b\n",
    ),
    Case(
        "an elif below keeps a pass", "if x:\n    a\nelif y:\n    b\n", [drop("a")], "if x:\n    pass\nelif y:\n    b\n"
    ),
    Case("an elif goes", "if x:\n    a\nelif y:\n    b\nc\n", [drop("b")], "if x:\n    a\nc\n"),
    Case(
        "an elif turns",
        "if x:\n    a\nelif y:\n    b\nelse:\n    c\n",
        [drop("b")],
        "if x:\n    a\nelif not y:\n    c\n",
    ),
    Case(
        "an elif in the middle keeps a pass",
        "if x:\n    a\nelif y:\n    b\nelif z:\n    c\n",
        [drop("b")],
        "if x:\n    a\nelif y:\n    pass\nelif z:\n    c\n",
    ),
    Case("an else arm goes", "if x:\n    a\nelse:  # why\n    b\nc\n", [drop("b")], "if x:\n    a\n# why\nc\n"),
    Case("both arms go", "if x:\n    a\nelse:\n    b\nc\n", [drop("a"), drop("b")], "c\n"),
    Case("the else of a loop goes", "for i in x:\n    a\nelse:\n    b\n", [drop("b")], "for i in x:\n    a\n"),
    Case(
        "all of a try",
        "try:\n    a\nexcept E:\n    b\nelse:\n    c\nfinally:\n    d\n",
        [drop("a"), drop("b"), drop("c"), drop("d")],
        "try:\n    pass\nexcept E:\n    pass\nfinally:\n    pass\n",
    ),
    Case(
        "a loop keeps its comments and a pass",
        "for i in x:\n    # 1\n    a  # 2\n",
        [drop("a")],
        "for i in x:\n    # 1\n    # 2\n    pass\n",
    ),
    Case("a function on one line", "def f(): a; b\n", [drop("a"), drop("b")], "def f(): pass\n"),
    Case("a with", "with x:\n    a\n", [drop("a")], "with x:\n    pass\n"),
    Case("new lines keep a block", "if x:\n    a\n", [drop("a"), insert("a", "new")], "if x:\n    new\n"),
]

UNWRAPS = [
    Case("an if", "if x:\n    a\n\n    b\nc\n", [unwrap("if")], "a\n\nb\nc\n"),
    Case("a with on one line", "with x: a; b  # why\nc\n", [unwrap("with")], "a; b  # why\nc\n"),
    Case("the header's comment stays", "if x:  # why\n    a\n", [unwrap("if")], "# why\na\n"),
    Case("a header on several lines", "with (x,  # why\n      y):\n    a\n", [unwrap("with")], "# why\na\n"),
    Case(
        "strings keep their lines",
        'if x:\n    a = """\n    text\n    """\n    b\n',
        [unwrap("if")],
        'a = """\n    text\n    """\nb\n',
    ),
    Case("continuation lines move along", "if x:\n    a(\n        1,\n  2)\n", [unwrap("if")], "a(\n    1,\n  2)\n"),
    Case(
        "comments move along where they can",
        "if x:\n    # 1\n# 2\n    a\n    # 3\nb\n",
        [unwrap("if")],
        "# 1\n# 2\na\n# 3\nb\n",
    ),
    Case("one in another", "if x:\n    with y:\n        a\n    b\n", [unwrap("if"), unwrap("with")], "a\nb\n"),
    Case("and all of its body dropped", "if x():\n    a\nb\n", [unwrap("if"), drop("a")], "b\n"),
    Case("an elif becomes else", "if x:\n    a\nelif y:\n    b\n", [unwrap("elif")], "if x:\n    a\nelse:\n    b\n"),
    Case("an elif on one line", "if x: a\nelif y: b\n", [unwrap("elif")], "if x: a\nelse: b\n"),
    Case("an if whose else is dropped", "if x:\n    a\nelse:\n    b\nc\n", [unwrap("if"), drop("b")], "a\nc\n"),
    Case(
        "an if with an elif that is dropped",
        "if x:\n    a\nelif y:\n    b\nc\n",
        [unwrap("if"), drop("elif")],
        "a\nc\n",
    ),
    Case("tabs", "if x:\n\tif y:\n\t\ta\n", [unwrap("if x")], "if y:\n\ta\n"),
    Case("a form feed", "if x:\n    a\n\f    b\n", [unwrap("if")], "a\n\fb\n"),
]

WRAPS = [
    Case("one statement", "a\nb\n", [wrap("a", "a", "if h:")], "if h:\n    a\nb\n"),
    Case(
        "several, with what is between them",
        "a\n# why\n\nb\nc\n",
        [wrap("a", "b", "if h:")],
        "if h:\n    a\n    # why\n\n    b\nc\n",
    ),
    Case("below the comments above", "# why\na\n", [wrap("a", "a", "if h:")], "# why\nif h:\n    a\n"),
    Case("the unit of the block", "if x:\n  a\n", [wrap("a", "a", "if h:")], "if x:\n  if h:\n    a\n"),
    Case("tabs", "if x:\n\ta\n", [wrap("a", "a", "if h:")], "if x:\n\tif h:\n\t\ta\n"),
    Case("carriage returns", "if x:\r\n  a\r\n", [wrap("a", "a", "if h:")], "if x:\r\n  if h:\r\n    a\r\n"),
    Case("without a final line end", "a\nb", [wrap("b", "b", "if h:")], "a\nif h:\n    b"),
    Case(
        "strings keep their lines", "a = '''\n  text'''\n", [wrap("a", "a", "if h:")], "if h:\n    a = '''\n  text'''\n"
    ),
    Case("a backslash in a string", "a = 'x\\\n  y'\n", [wrap("a", "a", "if h:")], "if h:\n    a = 'x\\\n  y'\n"),
    Case(
        "a backslash outside moves", "a = x + \\\n  y\n", [wrap("a", "a", "if h:")], "if h:\n    a = x + \\\n      y\n"
    ),
    Case(
        "a decorated function",
        "@d\ndef f(): pass\n",
        [wrap("def", "def", "if h:")],
        "if h:\n    @d\n    def f(): pass\n",
    ),
    Case(
        "a compound statement with the comments below its body",
        "if x:\n    a\n    # inside\n# outside\nb\n",
        [wrap("if", "if", "for i in j:")],
        "for i in j:\n    if x:\n        a\n        # inside\n# outside\nb\n",
    ),
    Case("one of several on a line", "a; b; c  # why\n", [wrap("b", "b", "if h:")], "a\nif h:\n    b\nc  # why\n"),
    Case("all of a line stays a line", "a; b\n", [wrap("a", "b", "if h:")], "if h:\n    a; b\n"),
    Case(
        "one of a suite",
        "if x: a; b  # why\n",
        [wrap("b", "b", "if h:")],
        "if x:\n    a\n    if h:\n        b  # why\n",
    ),
    Case(
        "an elif",
        "if x:\n    a\nelif y:\n    b\nelse:\n    c\n",
        [wrap("elif", "elif", "with h:")],
        "if x:\n    a\nelse:\n    with h:\n        if y:\n            b\n        else:\n            c\n",
    ),
    Case(
        "the first of two stands outside",
        "a\n",
        [wrap("a", "a", "if g:"), wrap("a", "a", "if h:")],
        "if g:\n    if h:\n        a\n",
    ),
    Case(
        "a wider one stands outside",
        "a\nb\n",
        [wrap("b", "b", "if h:"), wrap("a", "b", "if g:")],
        "if g:\n    a\n    if h:\n        b\n",
    ),
    Case("nothing is left inside", "a\nb\n", [wrap("a", "a", "if h:"), drop("a")], "b\n"),
    Case("something is left inside", "a\n\nb\n", [wrap("a", "b", "if h:"), drop("a")], "if h:\n    b\n"),
    Case("around what is unwrapped", "if x:\n    a\n", [wrap("if", "if", "if h:"), unwrap("if")], "if h:\n    a\n"),
]

INSERTS = [
    Case("below the statement before", "a\nb\n", [insert("b", "new")], "a\nnew\nb\n"),
    Case("set off where the next one is", "a\n\n\n# why\nb\n", [insert("b", "new")], "a\n\nnew\n\n\n# why\nb\n"),
    Case(
        "as far below a definition as the next one",
        "def f(): pass\n\n\n# why\nb\n",
        [insert("b", "new")],
        "def f(): pass\n\n\nnew\n\n\n# why\nb\n",
    ),
    Case(
        "tight, but above the comments of a definition",
        "class A: pass\n\n\n# why\nclass B: pass\n",
        [insert("class B", "new", tight=True)],
        "class A: pass\n\n\nnew\n\n\n# why\nclass B: pass\n",
    ),
    Case("above a comment that is not set off", "a\n# why\nb\n", [insert("b", "new")], "a\nnew\n# why\nb\n"),
    Case("tight, below the comments", "a\n\n# why\nb\n", [insert("b", "new", tight=True)], "a\n\n# why\nnew\nb\n"),
    Case("before the first", "# head\na\n", [insert("a", "new")], "# head\nnew\na\n"),
    Case(
        "above decorators", "a\n@d\ndef f(): pass\n", [insert("def", "new", tight=True)], "a\nnew\n@d\ndef f(): pass\n"
    ),
    Case(
        "behind the comments of a block",
        "if x:\n    a\n    # 1\n# 2\nb\n",
        [insert("b", "new")],
        "if x:\n    a\n    # 1\nnew\n# 2\nb\n",
    ),
    Case("at the end of a block", "if x:\n    a\n\nb\n", [insert_last("a", "new")], "if x:\n    a\n    new\n\nb\n"),
    Case("at the end without a line end", "a", [insert_last("a", "new")], "a\nnew"),
    Case("behind a backslash at the end", "a = 1 \\\n\nb\n", [insert("b", "new", tight=True)], "a = 1 \\\n\nnew\nb\n"),
    Case("into a suite", "if x: a  # why\n", [insert("a", "new")], "if x:\n    new\n    a  # why\n"),
    Case("at the end of a suite", "if x: a  # why\n", [insert_last("a", "new")], "if x:\n    a  # why\n    new\n"),
    Case("into a line", "a; b\n", [insert("b", "new")], "a\nnew\nb\n"),
    Case("the line end of the line before", "a\r\nb\n", [insert("b", "new")], "a\r\nnew\r\nb\n"),
    Case(
        "the line end of the line below when tight", "a\n\nb\r\n", [insert("b", "new", tight=True)], "a\n\nnew\r\nb\r\n"
    ),
    Case("blank lines among them", "a\nb\n", [insert("b", "new", "", "more")], "a\nnew\n\nmore\nb\n"),
    Case(
        "by rank",
        "a\nb\n",
        [insert("b", "2", rank=2), insert("b", "1", rank=1), insert("b", "3", rank=2)],
        "a\n1\n2\n3\nb\n",
    ),
    Case(
        "by rank, tight or not",
        "a\nb\n",
        [insert("b", "2", rank=2), insert("b", "1", tight=True, rank=1)],
        "a\n1\n2\nb\n",
    ),
    Case("twice the same is once", "a\nb\n", [insert("b", "new"), insert("b", "new")], "a\nnew\nb\n"),
    Case("an import joins imports", "import a\n\nb\n", [insert("b", "import new")], "import a\nimport new\n\nb\n"),
    Case("beside what is dropped above", "a\n\nb\n\nc\n", [drop("b"), insert("c", "new")], "a\n\nnew\n\nc\n"),
    Case("beside what is dropped below", "a\n\nb\n\nc\n", [drop("b"), insert("b", "new")], "a\n\nnew\n\nc\n"),
    Case("inside a wrap", "a\nb\n", [wrap("a", "b", "if h:"), insert("b", "new")], "if h:\n    a\n    new\n    b\n"),
    Case(
        "before a wrap", "a\nb\n", [wrap("b", "b", "if h:"), insert("b", "new", tight=True)], "a\nnew\nif h:\n    b\n"
    ),
    Case("behind a wrap", "a\nb\n", [wrap("a", "a", "if h:"), insert("b", "new")], "if h:\n    a\nnew\nb\n"),
    Case(
        "beside an elif",
        "if x:\n    a\nelif y:\n    b\n",
        [insert("elif", "new")],
        "if x:\n    a\nelse:\n    new\n    if y:\n        b\n",
    ),
    Case("into what is unwrapped", "if x:\n    a\n", [unwrap("if"), insert("a", "new")], "new\na\n"),
]

REPLACEMENTS = [
    Case("inside what moves", "if x:\n    a(b)\n", [unwrap("if"), replace("b", "c")], "a(c)\n"),
    Case("inside what goes", "a(b)\nc\n", [drop("a"), replace("b", "d")], "c\n"),
    Case("the whole of what goes", "a(b)\nc\n", [drop("a"), replace("a(b)", "d")], "c\n"),
    Case("at the edges of what goes", "a\nb\n", [drop("a"), before("a", "f("), after("a", ")")], "b\n"),
    Case(
        "at the edges of what moves",
        "a\nb\n",
        [wrap("a", "a", "if h:"), before("a", "f("), after("a", ")")],
        "if h:\n    f(a)\nb\n",
    ),
    Case("at the end of the file", "a", [insert_last("a", "new"), after("a", "()")], "a()\nnew"),
    Case(
        "at the edges of a condition",
        "if x: a\nelse: b\n",
        [drop("a"), before("x", "f("), after("x", ")")],
        "if not (f(x)): b\n",
    ),
    Case(
        "by several lines",
        "if x:\n    a = f(1)\n",
        [unwrap("if"), replace("f(1)", "f(\n        1,\n    )")],
        "a = f(\n    1,\n)\n",
    ),
    Case(
        "of several lines",
        "a = f(\n    1,\n)\n",
        [wrap("a", "a", "if h:"), replace("f(\n    1,\n)", "g(\n    2,\n)")],
        "if h:\n    a = g(\n        2,\n    )\n",
    ),
    Case(
        "by several lines with a string",
        "a = f(1)\n",
        [wrap("a", "a", "if h:"), replace("f(1)", "f('''\n  text\n''',\n    1)")],
        "if h:\n    a = f('''\n  text\n''',\n        1)\n",
    ),
    Case(
        "by several lines among carriage returns",
        "a = f(1)\r\n",
        [replace("f(1)", "f(\n    1)")],
        "a = f(\r\n    1)\r\n",
    ),
    Case("twice the same is once", "a(b)\n", [replace("b", "c"), replace("b", "c")], "a(c)\n"),
]

GROUPS = {
    "drop": DROPS,
    "emptied": EMPTIED,
    "unwrap": UNWRAPS,
    "wrap": WRAPS,
    "insert": INSERTS,
    "replace": REPLACEMENTS,
}
CASES = [pytest.param(case, id=f"{group}: {case.name}") for group, cases in GROUPS.items() for case in cases]


@pytest.mark.parametrize("case", CASES)
def test_operations_change(case: Case) -> None:
    ast.parse(case.after)
    assert carry_out(case.before, *case.requests) == case.after


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_line_ends_give_the_same_text(case: Case, newline: str) -> None:
    if "\r" in case.before or "\n" not in case.before or "several lines" in case.name:
        pytest.skip("about line ends itself")
    assert carry_out(case.before.replace("\n", newline), *case.requests) == case.after.replace("\n", newline)


@pytest.mark.parametrize("case", CASES)
def test_a_file_without_a_final_line_end_keeps_it_off(case: Case) -> None:
    if "\r" in case.before:
        pytest.skip("about line ends itself")
    assert carry_out(case.before.rstrip("\n"), *case.requests) == case.after.rstrip("\n")


REFUSALS = [
    ("an if whose else stays", "if x:\n    a\nelse:\n    b\n", [unwrap("if")], "cannot be unwrapped before"),
    ("a loop", "for i in x:\n    a\n", [unwrap("for")], "cannot be unwrapped"),
    ("wraps that cross", "a\nb\nc\n", [wrap("a", "b", "if g:"), wrap("b", "c", "if h:")], "would cross"),
    ("a wrap across blocks", "if x:\n    a\nb\n", [wrap("a", "b", "if h:")], "in one block"),
    ("a wrap backwards", "a\nb\n", [wrap("b", "a", "if h:")], "in one block"),
    ("a place that is not there", "a\n", [lambda module: Insert(module.root.body, 7, ("new",))], "no statement 7"),
]


@pytest.mark.parametrize(("text", "requests", "reason"), [pytest.param(*rest, id=name) for name, *rest in REFUSALS])
def test_what_cannot_be_composed_is_refused_with_a_reason(text: str, requests: list[Request], reason: str) -> None:
    with pytest.raises(Uncomposable, match=reason):
        carry_out(text, *requests)


CONFLICTS = [
    ("two replacements", "a(b)\n", [replace("a(b)", "c"), replace("b", "d")]),
    ("a replacement over the edge of what goes", "a\nb\nc\n", [drop("b"), replace("a\nb", "d")]),
    ("a replacement around new lines", "a\nb\n", [insert("b", "new"), replace("a\nb", "d")]),
]


@pytest.mark.parametrize(("text", "requests"), [pytest.param(*rest, id=name) for name, *rest in CONFLICTS])
def test_replacements_that_overlap_conflict(text: str, requests: list[Request]) -> None:
    with pytest.raises(Conflict, match="overlap"):
        carry_out(text, *requests)


@pytest.mark.parametrize(
    ("text", "expected"), [("", "new\n"), ("# why\n", "# why\nnew\n"), ("# why", "# why\nnew"), ("\n\n", "\n\nnew\n")]
)
def test_lines_go_into_a_module_without_statements(text: str, expected: str) -> None:
    assert carry_out(text, lambda module: Insert(module.root.body, 0, ("new",))) == expected


def test_nothing_asked_for_is_no_edit() -> None:
    assert compose(read("a\n"), []) == []


def test_comments_of_replaced_text_stay_above_the_statement() -> None:
    text = "if a:\n    x = f(\n        b,  # one\n        # two\n    )  # three\n"
    module = read(text)
    start, end = text.index("f("), text.index(")  # three") + 1
    edits = compose(module, [Replace(Span(start, end), "b")])
    assert apply(text, edits) == "if a:\n    # one\n    # two\n    x = b  # three\n"


def test_edits_are_as_small_as_the_change() -> None:
    module: Module = read("if x:\n    a = 1  # why\n    b\n")
    edits = compose(module, [wrap("a", "a", "if h:")(module)])
    assert [module.source.text[slice(*edit.span)] + "|" + edit.text for edit in edits] == ["|    if h:\n", "|    "]


def test_edits_inside_a_module_leave_statements_findable() -> None:
    assert statement(read("a\nb(\n  1)\n"), "b").index == 1
