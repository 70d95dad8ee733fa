"""The text of `migrate --help`: it teaches by example."""

from __future__ import annotations

# A paragraph after \b keeps its lines: click fills the others.
HELP = """\
Turn a plain PyTorch training script into one that trains through an Accelerator: the same file then runs on a laptop
CPU, on one GPU, or on N processes under torchrun. What cannot be migrated safely is reported, never guessed.

PATHS are files, folders, or - for standard input; without any, the current folder. Nothing is written without --write.

\b
Preview a script, then apply; before it writes, --write also checks that a second run would change nothing:
  migrate train.py
  migrate train.py --write

\b
Start what was written:
  python train.py
  torchrun --nproc_per_node 2 train.py

\b
See it proven first: run the original and the migrated program on copies of the project, and compare every step:
  migrate train.py --verify -- train.py --epochs 1
  migrate train.py --verify --report proof.html -- train.py --epochs 1

\b
Keep the way back:
  migrate train.py --write --diff > train.patch
  patch -R -p0 < train.patch

\b
Ask why something was left alone, what each variable was taken for, what a rule does:
  migrate train.py -v
  migrate train.py --roles
  migrate --explain MIG301

\b
Migrate with one family of rules only, or with changes that need your judgement too:
  migrate train.py --select MIG1,MIG301
  migrate train.py --unsafe

\b
Fail in CI while something is left to migrate:
  migrate src --check

\b
Complete options and codes with Tab (likewise zsh_source, fish_source):
  eval "$(_MIGRATE_COMPLETE=bash_source migrate)"
"""
EPILOG = """\

\b
Exit codes:
  0    nothing to do, or all written
  1    changes are pending
  2    usage, configuration, missing path
  3    sites are left to review (with --strict)
  4    the migrated program computes something else (with --verify)
  5    it could not be run, or not be judged (with --verify)
  123  a file could not be read, parsed or written, or our own checks stopped it; the others are done
  130  interrupted

\b
What a run finds out is kept for the next one in the user's cache folder, or in MIGRATE_CACHE_DIR:
  files that are unchanged, and unchanged in all they reach, cost no second look; --no-cache does without

\b
[tool.migrate] in the nearest pyproject.toml sets defaults; a flag overrides its key:
  target, select, ignore, unsafe, exclude, force-exclude, strict
"""
