"""Operations named by the text of the statements that they are about."""

from __future__ import annotations

from collections.abc import Callable

from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Replace, Unwrap, Wrap, compose
from migrator.source.edit import apply
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.source.text import make_source

Request = Callable[[Module], Operation]


def statement(module: Module, start: str) -> s.Statement:
    """Find the first statement whose text starts so."""
    found = [x for block in module.nodes(s.Block) for x in block.statements if module.text(x).startswith(start)]
    return min(found, key=lambda x: module.span(x).start)


def drop(start: str) -> Request:
    return lambda module: Drop(statement(module, start))


def unwrap(start: str) -> Request:
    return lambda module: Unwrap(statement(module, start))  # type: ignore[arg-type]


def wrap(first: str, last: str, header: str) -> Request:
    return lambda module: Wrap(statement(module, first), statement(module, last), header)


def insert(before: str, *lines: str, tight: bool = False, rank: int = 0) -> Request:
    """Insert lines before a statement."""

    def request(module: Module) -> Insert:
        found = statement(module, before)
        return Insert(found.block, found.index, lines, tight, rank)

    return request


def insert_last(beside: str, *lines: str) -> Request:
    """Insert lines at the end of the block that a statement is in."""

    def request(module: Module) -> Insert:
        block = statement(module, beside).block
        return Insert(block, len(block.statements), lines)

    return request


def replace(old: str, new: str) -> Request:
    """Replace the first occurrence of a text."""

    def request(module: Module) -> Replace:
        start = module.source.text.index(old)
        return Replace(Span(start, start + len(old)), new)

    return request


def before(old: str, new: str, rank: int = 0) -> Request:
    """Put text in front of the first occurrence of a text."""

    def request(module: Module) -> Replace:
        start = module.source.text.index(old)
        return Replace(Span(start, start), new, rank)

    return request


def after(old: str, new: str, rank: int = 0) -> Request:
    """Put text behind the first occurrence of a text."""

    def request(module: Module) -> Replace:
        end = module.source.text.index(old) + len(old)
        return Replace(Span(end, end), new, rank)

    return request


def read(text: str) -> Module:
    return Module(make_source("before.py", text))


def carry_out(text: str, *requests: Request) -> str:
    """Give the text after the operations."""
    module = read(text)
    return apply(text, compose(module, [request(module) for request in requests]))
