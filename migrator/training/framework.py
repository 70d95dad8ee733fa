"""Code that already trains through a framework."""

from __future__ import annotations

from migrator.inference.frameworks import FRAMEWORKS
from migrator.source import syntax as s
from migrator.source.module import Module


def framework_of(module: Module) -> tuple[s.Statement, str] | None:
    """Give the import of a training framework in a module, and the framework's name."""
    for node in module.nodes(s.ImportFrom):
        first = node.module.partition(".")[0]
        names = {name for name, _ in node.names or ()}
        if node.level == 0 and first in FRAMEWORKS:
            return node, FRAMEWORKS[first]
        if node.level == 0 and first == "runtime" and "Accelerator" in names:
            return node, "the bundled runtime"
        if first == "transformers" and any(name.endswith("Trainer") for name in names):
            return node, "the Hugging Face Trainer"
    for plain in module.nodes(s.Import):
        for name, _ in plain.names:
            if name.partition(".")[0] in FRAMEWORKS:
                return plain, FRAMEWORKS[name.partition(".")[0]]
    return None
