"""Floor 1: bytes, text and syntax. Knows nothing of PyTorch.

discover, files, atomic   which files there are; how they are read and replaced
text                      bytes -> text
depth, parse/             text -> libcst's tree -> the small tree
syntax/                   the small tree: its nodes and scopes
module                    one parsed file: its nodes by type, and where each stands (span)
layout, token             lines and indentation; comments and strings
ignore, importing         comments that switch rules off; where an import goes
block, compose/           edits of whole statements -> edits of text
edit                      edits of text by span
"""
