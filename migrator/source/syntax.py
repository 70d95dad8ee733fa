"""The lowered syntax tree: what the upper floors read instead of a parser's.

One walk (lowering.py) turns the tree of Python's own parser (native/) into this small one, or that of libcst (concrete/),
which reads what the other one cannot. Each node keeps what it was made of in ``origin``, through which ``Module.span``
finds its text.

    Node
    |-- Expression   Name Attribute Subscript Call Literal Text Collection Mapping Binary Unary Boolean Compare
    |                Conditional Lambda Comprehension Walrus Starred Await Yield Slice
    |-- Statement    Assign Augment Annotate Evaluate Return Raise Assert Delete Jump Declare Import ImportFrom
    |                If For While With Try Match FunctionDef ClassDef
    |-- parts        Argument Parameter Generator WithItem Handler Case
    `-- Block        a list of statements; Root holds that of the module
"""

from __future__ import annotations

from migrator.source.compound import (
    Case,
    ClassDef,
    Compound,
    For,
    FunctionDef,
    Handler,
    If,
    Match,
    Root,
    Try,
    While,
    With,
    WithItem,
)
from migrator.source.expression import (
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
    Expression,
    Generator,
    Lambda,
    Literal,
    Mapping,
    Name,
    Parameter,
    Slice,
    Starred,
    Subscript,
    Text,
    Unary,
    Walrus,
    Yield,
)
from migrator.source.node import Node
from migrator.source.scope import Scope
from migrator.source.statement import (
    Annotate,
    Assert,
    Assign,
    Augment,
    Block,
    Declare,
    Delete,
    Evaluate,
    Import,
    ImportFrom,
    Jump,
    Raise,
    Return,
    Statement,
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
