"""From a text to libcst's tree, or to what keeps libcst from reading it."""

from __future__ import annotations

import ast
import re
import warnings

import libcst as cst

from migrator.errors import Unreadable
from migrator.source.text import LONE_CR, Source

_LEADING_FORM_FEED = re.compile(r"(?<!\\\n)^([ \t\f]*)\f(?=[ \t]*[^\s#])", re.MULTILINE)


def parsable(text: str) -> str:
    """Give text of the same length and meaning that libcst prints as it was.

    It loses a bare carriage return at the end of a file, and a form feed before a statement. For Python the first is a
    line end, and so is the second: what stands before it does not count as indentation.
    """
    if "\r" in text:
        text = LONE_CR.sub("\n", text)
    return _LEADING_FORM_FEED.sub(r"\1\n", text) if "\f" in text else text


def parse_tree(source: Source) -> cst.Module:
    """Parse a text.

    Raises:  Unreadable when libcst cannot.
    """
    text = parsable(source.text)
    try:
        return cst.parse_module(text)
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # besides syntax errors, what its nodes refuse when they are made
        raise _refusal(source, text, error) from error
    except BaseException as error:
        if error.__class__.__name__ != "PanicException":  # how a bug of the parser, written in Rust, shows
            raise
        raise _refusal(source, text, error) from error


def _refusal(source: Source, text: str, error: BaseException) -> Unreadable:
    """Say what is wrong as Python says it: that knows of Python 2, and points to the place."""
    line, column, reason = _place(error), 1, "libcst cannot parse it, although Python can"
    advice = "rewrite the line, or exclude the file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, source.path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as own:
        line, column, reason = own.lineno or line, own.offset or 1, own.msg
        advice = "fix the syntax, or exclude the file"
    except (ValueError, RecursionError, MemoryError):
        pass
    return Unreadable(source.path, f"cannot be parsed as Python 3 ({reason}); {advice}", line, max(column, 1))


def _place(error: BaseException) -> int:
    """Give the line that libcst names."""
    found = re.search(r"error at (\d+):", str(error))
    return int(found[1]) if found else 1
