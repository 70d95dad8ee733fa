"""The text of `migrate --help`: examples and exit codes."""

from __future__ import annotations

# A paragraph after \b keeps its lines: click fills the others.
HELP = """\
Turn a plain PyTorch training script into one that trains through an Accelerator: the same file then runs on a laptop
CPU, on one GPU, or on N processes under torchrun. What cannot be migrated safely is reported and not changed.

PATHS are files, folders, or - for standard input; without any, the current folder. Nothing is written without --write.

\b
Preview a script, then apply; before it writes, --write also checks that a second run would change nothing:
  migrate train.py
  migrate train.py --write

\b
Start the migrated script:
  python train.py
  torchrun --nproc_per_node 2 train.py

\b
Verify first: run the original and the migrated program in copies of the project, and compare every step:
  migrate train.py --verify -- train.py --epochs 1
  migrate train.py --verify --report proof.html -- train.py --epochs 1

\b
Keep a patch to undo the changes:
  migrate train.py --write --diff > train.patch
  patch -R -p0 < train.patch

\b
See why something was not changed, the role of each variable, what a rule does:
  migrate train.py -v
  migrate train.py --roles
  migrate --explain MIG301

\b
Leave out some rules, or apply changes that may not be safe in every case:
  migrate train.py --ignore MIG5,MIG702
  migrate train.py --unsafe

\b
Fail in CI while changes are pending:
  migrate src --check

\b
Complete options and codes with Tab (likewise zsh_source, fish_source):
  eval "$(_MIGRATE_COMPLETE=bash_source migrate)"
"""
EPILOG = """\

\b
Exit codes:
  0    nothing is pending: no changes, all written, or the program was not migrated (--strict makes that 3)
  1    changes are pending (preview and --check)
  2    wrong flags, wrong configuration, or a missing path
  3    with --strict: something blocks or needs a review
  4    the migrated program computes different results (with --verify)
  5    the programs could not be run, or not be compared (with --verify)
  123  a file could not be read, parsed or written, or its result failed a check; other files are migrated
  130  interrupted

\b
Results are cached in the user's cache folder, or in MIGRATE_CACHE_DIR:
  a file is analysed again only if it, or a file that it imports, has changed; --no-cache turns this off

\b
[tool.migrate] in the nearest pyproject.toml sets defaults; a flag overrides its key:
  target, select, ignore, unsafe, exclude, force-exclude, follow, strict, makes
"""
