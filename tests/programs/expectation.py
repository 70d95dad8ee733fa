"""The notation for what becomes of a script: comments in its header, after what it should be, why, and where it was seen.

    # expect: migrated                               or `refused`: of the file that says so
    # expect text: accelerator.backward(loss)        stands in what is written; in quotes with \\n where it is several lines
    # expect no text: DataParallel(                  does not
    # expect: MIG901                                 is left to the user, anywhere in the file
    # expect: MIG901 at "loss.backward()"            in a line that holds this code
    # expect: MIG901 says "with accelerate"          in words that hold these
    # expect no: MIG301                              is not left to the user
    # expect edit: MIG207 says "copy.deepcopy"       an edit that is made
    # expect! text: Accelerator(cpu=args.cpu) (why)  is right, and is not so yet

`expect!` fails as soon as it is so.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from migrator.report.report import FileReport, Item

_EXPECT = re.compile(r"# expect(?P<later>!)?(?P<no> no)?(?: (?P<what>text|edit))?: (?P<said>.+)")
_REASON = re.compile(r"(?P<said>.+) \((?P<reason>[^()]+)\)")
_CODE = re.compile(r"(?P<code>MIG\d{3})(?: at \"(?P<at>.+)\")?(?: says \"(?P<says>.+)\")?")
OUTCOMES = ("migrated", "refused")


class Misspelt(Exception):
    """An expectation that says nothing."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one comment says."""

    comment: str
    negated: bool
    what: str  # "text", "edit", or "" for an outcome and for what is left to the user
    said: str
    reason: str  # why it is not so yet

    @property
    def is_outcome(self) -> bool:
        """Whether it says what becomes of the file."""
        return not self.what and self.said in OUTCOMES

    def holds(self, text: str, file: FileReport | None) -> bool:
        """Whether it is so.

        Args:    text: the file as it was.
                 file: what is said of it; None where nothing is.
        """
        after = _code(file.text) if file is not None and file.text is not None else None
        if self.is_outcome:
            return (after is not None) == (self.said == "migrated")
        if self.what == "text":
            return (self.said in (after or "")) != self.negated
        items = [item for item in file.items if item.applied == (self.what == "edit")] if file is not None else []
        return any(self._means(item, text) for item in items) != self.negated

    def _means(self, item: Item, text: str) -> bool:
        match = _CODE.fullmatch(self.said)
        assert match is not None
        lines = "\n".join(text.splitlines()[item.line - 1 : item.end_line])
        words = "\n".join((item.message, item.reason, item.help))
        return item.code == match["code"] and (match["at"] or "") in lines and (match["says"] or "") in words


def _code(text: str) -> str:
    """Leave out the header."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def expectations(text: str) -> list[Expectation]:
    """Read what a script's header says.

    Raises:  Misspelt
    """
    return [_read(line) for line in text.splitlines() if line.startswith("# expect")]


def _read(line: str) -> Expectation:
    match = _EXPECT.fullmatch(line)
    if match is None:
        raise Misspelt(line)
    what, said, reason = match["what"] or "", match["said"], ""
    if match["later"]:
        parts = _REASON.fullmatch(said)
        if parts is None:
            raise Misspelt(f"{line}: what is not so yet needs a reason in parentheses")
        said, reason = parts["said"], parts["reason"]
    if what == "text":
        said = ast.literal_eval(said) if said[0] in "\"'" and said[-1] == said[0] else said
    elif _CODE.fullmatch(said) is None and (said not in OUTCOMES or what or match["no"]):
        raise Misspelt(line)
    return Expectation(line, bool(match["no"]), what, said, reason)
