"""The migration as a libcst codemod, for `libcst.tool` and other runners.

    python -m libcst.tool codemod -x --no-format migrator.codemod.Migrate train.py

It does what `migrate` does to one file, and reads the same `[tool.migrate]`. libcst's runner prints the warnings.
"""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext

from migrator import config
from migrator.project import scan
from migrator.project.pipeline import run_text
from migrator.project.shadow import refuse_shadows
from migrator.report.text import findings
from migrator.rules.catalogue import CATALOGUE

_UNNAMED = "<stdin>"


class Migrate(CodemodCommand):
    """Migrate one module."""

    DESCRIPTION = "Turn a plain PyTorch training script into one that trains through an Accelerator."

    def __init__(
        self,
        context: CodemodContext,
        target: str | None = None,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] | None = None,
        unsafe: bool | None = None,
    ) -> None:
        """Keep the flags; one that is None leaves its setting to the nearest pyproject.toml.

        Args:    target: "runtime" or "accelerate". select, ignore: codes of rules or their beginnings.
                 unsafe: whether to apply changes that may not be safe in every case.
        """
        super().__init__(context)
        self.flags = {"target": target, "select": _codes(select), "ignore": _codes(ignore), "unsafe": unsafe}

    @staticmethod
    def add_args(arg_parser: ArgumentParser) -> None:
        """Name the flags for the command line of `libcst.tool codemod`."""
        arg_parser.add_argument("--target", choices=config.TARGETS, help="The package to import Accelerator from.")
        arg_parser.add_argument("--select", action="append", metavar="CODES", help="Use these rules only.")
        arg_parser.add_argument("--ignore", action="append", metavar="CODES", help="Leave these rules out.")
        arg_parser.add_argument("--unsafe", action=BooleanOptionalAction, help="Also apply unsafe changes.")

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Give the migrated module, or the given one if there is nothing to change; findings become warnings.

        Raises:  MigrateError for settings or a file that cannot be used; libcst's runner then does not change the file.
        """
        path = self.context.filename or _UNNAMED
        settings = config.load(path, self.flags)
        config.check_codes(settings, (rule.code for rule in CATALOGUE))
        if not scan.matters(tree.code.encode()):
            return tree
        report = run_text(tree.code, path, settings)
        refuse_shadows([report], settings.target)
        for warning in findings([report], verbose=False):
            self.warn(warning)
        for problem in report.problems:
            raise problem
        new = next((file.text for file in report.files if file.text is not None), None)
        return tree if new is None else cst.parse_module(new, tree.config_for_parsing)


def _codes(values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Flatten codes as `migrate` takes them: repeated, comma-separated, in any case."""
    return None if values is None else tuple(code.strip().upper() for value in values for code in value.split(","))
