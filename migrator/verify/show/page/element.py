"""Elements of a page. Text becomes part of one only through `element`, which escapes it."""

from __future__ import annotations

import html
from collections.abc import Iterable

from migrator.verify.show.plain import plain

_EMPTY = frozenset({"meta"})  # HTML's elements without an end


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Iterable["Content"] | None


def _inner(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return html.escape(plain(content), quote=False)
    return "".join(map(_inner, content))


def element(tag: str, /, *content: Content, **attributes: str | int | float | None) -> Markup:
    """Write an element: ``class_`` stands for `class`, ``aria_label`` for `aria-label`; None leaves an attribute out."""
    pairs = (
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(plain(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    opening = f"<{tag}{''.join(pairs)}>"
    return Markup(opening if tag in _EMPTY else f"{opening}{_inner(content)}</{tag}>")


def code(text: str) -> Markup | None:
    """Write a name, a place or a line of code; nothing for nothing."""
    return element("code", text) if text else None


def prose(text: str) -> Markup:
    """Write a sentence in which code stands between backquotes."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them has no partner
        return Markup(_inner(text))
    return Markup("".join(code(part) or "" if number % 2 else _inner(part) for number, part in enumerate(parts)))


def scroll(label: str, *content: Content, class_: str = "") -> Markup:
    """Make a box that scrolls, also by keyboard, so that the page does not scroll sideways."""
    return element("div", *content, class_=f"scroll {class_}".rstrip(), role="region", aria_label=label, tabindex=0)
