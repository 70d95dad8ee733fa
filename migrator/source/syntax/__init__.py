"""The small syntax tree: what rules and analyses read in place of libcst's.

One walk (``parse/lowering.py``) makes it from libcst's tree. Each node keeps what it was made of in ``origin``, by
which ``Module.span`` finds its text.

    Node
    |-- Expression   Name Attribute Subscript Call Literal Text Collection Mapping Binary Unary Boolean Compare
    |                Conditional Lambda Comprehension Walrus Starred Await Yield Slice
    |-- Statement    Assign Augment Annotate Evaluate Return Raise Assert Delete Jump Declare Import ImportFrom
    |                If For While With Try Match FunctionDef ClassDef
    |-- parts        Argument Parameter Generator WithItem Handler Case
    `-- Block        a list of statements; Root holds that of the module
"""

from __future__ import annotations

from migrator.source.syntax.compound import (
    Case,
    ClassDef,
    For,
    FunctionDef,
    Handler,
    If,
    Match,
    Try,
    While,
    With,
    WithItem,
)
from migrator.source.syntax.expression import (
    Argument,
    Attribute,
    Await,
    Binary,
    Boolean,
    Call,
    Collection,
    Compare,
    Comprehension,
    Conditional,
    Generator,
    Lambda,
    Literal,
    LiteralValue,
    Mapping,
    Parameter,
    Slice,
    Starred,
    Subscript,
    Text,
    Unary,
    Walrus,
    Yield,
)
from migrator.source.syntax.node import Block, Compound, Expression, Name, Node, Root, Scope, Statement
from migrator.source.syntax.statement import (
    Annotate,
    Assert,
    Assign,
    Augment,
    Declare,
    Delete,
    Evaluate,
    Import,
    ImportFrom,
    Jump,
    Raise,
    Return,
)

__all__ = [
    "Annotate",
    "Argument",
    "Assert",
    "Assign",
    "Attribute",
    "Augment",
    "Await",
    "Binary",
    "Block",
    "Boolean",
    "Call",
    "Case",
    "ClassDef",
    "Collection",
    "Compare",
    "Compound",
    "Comprehension",
    "Conditional",
    "Declare",
    "Delete",
    "Evaluate",
    "Expression",
    "For",
    "FunctionDef",
    "Generator",
    "Handler",
    "If",
    "Import",
    "ImportFrom",
    "Jump",
    "Lambda",
    "Literal",
    "LiteralValue",
    "Mapping",
    "Match",
    "Name",
    "Node",
    "Parameter",
    "Raise",
    "Return",
    "Root",
    "Scope",
    "Slice",
    "Starred",
    "Statement",
    "Subscript",
    "Text",
    "Try",
    "Unary",
    "Walrus",
    "While",
    "With",
    "WithItem",
    "Yield",
]
