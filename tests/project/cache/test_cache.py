"""With what earlier runs have found out, the command says what it says without: whatever was changed in between."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import migrator
from migrator.cli.command import command
from migrator.errors import Distrusted
from migrator.project import program
from migrator.project.cache import cache, identity
from migrator.project.cache.disk_cache import DiskCache
from migrator.project.proposal import Proposal
from migrator.report.report import ProgramReport

ROOT = Path(__file__).parents[3]
SCRIPT = """\
import torch
from torch.utils.data import DataLoader
from data import dataset
from net import make

device = torch.device("cuda")
model = make().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in DataLoader(dataset):
    loss = (model(x.to(device)) - y.to(device)).pow(2).mean()
    loss.backward()
    optimizer.step()
"""
HELPED = SCRIPT.replace("from net import make\n", "from lib.part import make, move\n").replace(
    "x.to(device)", "move(x, device)"
)
PART = """\
import torch

def make():
    return torch.nn.Linear(4, 1)

def move(x, device):
    return x.to(device)
"""
FIT = """\
import torch
from torch.utils.data import DataLoader
from data import dataset

def run_epoch(model, loader, optimizer, device):
    for x, y in loader:
        loss = (model(x.to(device)) - y.to(device)).pow(2).mean()
        loss.backward()
        optimizer.step()

if __name__ == "__main__":
    device = torch.device("cuda")
    model = torch.nn.Linear(4, 1).to(device)
    run_epoch(model, DataLoader(dataset), torch.optim.SGD(model.parameters(), lr=0.1), device)
"""
ENGINE = """\
def train(model, loader, optimizer, device):
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
"""
PAIR = """\
import torch
from torch.utils.data import DataLoader, TensorDataset
from engine import train

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(32, 4), torch.randn(32, 1)), batch_size=4)
model = torch.nn.Linear(4, 1).to(device)
optimizer = torch.optim.{}(model.parameters(), lr=0.1)
train(model, loader, optimizer, device)
"""
REPOSITORY = {
    "train.py": SCRIPT,
    "net.py": "import torch\n\ndef make():\n    return torch.nn.Linear(4, 1)\n",
    "sub/other.py": HELPED,
    "sub/lib/__init__.py": "",
    "sub/lib/part.py": PART,
    "pair/engine.py": ENGINE,
    "pair/one.py": PAIR.format("SGD"),
    "pair/two.py": PAIR.format("Adam"),
    "apart/fit.py": FIT,
    "apart/reader.py": "print('run_epoch')\n",
    "driven.py": "import pytorch_lightning\nimport torch\n",
    "broken.py": "import torch\ndef backward(:\n",
    "plain.py": "print(1)\n",
    "latin.py": "# coding: latin-1\nimport torch  # \xe4\nloss.backward()\n",
}
GIVEN = ("train.py", "sub", "pair", "apart/fit.py", "driven.py", "broken.py", "latin.py")  # net.py is reached only


def build(folder: Path) -> None:
    for name, text in REPOSITORY.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with scripts that share modules, left by a run that has kept its answers."""
    folder = tmp_path / "repository"
    build(folder)
    monkeypatch.chdir(folder)
    migrate()
    return folder


def migrate(*flags: str, given: tuple[str, ...] = GIVEN) -> tuple[int, bytes, str]:
    result = CliRunner().invoke(command, [*given, *flags])
    assert not isinstance(result.exception, AssertionError), result.stderr
    return result.exit_code, result.stdout_bytes, result.stderr


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that are migrated from now on, instead of being remembered."""
    paths: list[str] = []
    for kind in ("program", "driven", "sound"):
        original = getattr(program, kind)

        def spy(path: str, *rest: object, original: Callable[..., Proposal] = original) -> Proposal:
            paths.append(path)
            return original(path, *rest)

        monkeypatch.setattr(program, kind, spy)
    monkeypatch.setattr("migrator.project.pool.cores", lambda: 1)  # what a fork looks at, we would not hear of
    return paths


def write(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return change


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="latin-1")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="latin-1")

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def link(name: str, target: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).symlink_to(target)


# What may happen to a repository between two runs -> whether nothing needs to be looked at again.
CHANGES: dict[str, tuple[Callable[[Path], None], bool]] = {
    "nothing": (lambda folder: None, True),
    "a new time": (lambda folder: os.utime(folder / "train.py", (1, 1)), True),
    "a file that nobody asks about": (write("notes.txt", "torch\n"), True),
    "a plain file": (write("plain.py", "print(2)\n"), True),
    "an edited script": (edit("train.py", "lr=0.1", "lr=0.2"), False),
    "a blank line": (edit("train.py", "\n", "\n\n"), False),
    "a comment that ignores": (edit("train.py", "loss.backward()", "loss.backward()  # migrate: ignore[MIG301]"), False),
    "an edited module that is only reached": (edit("net.py", "torch.nn.Linear(4, 1)", "torch.nn.Linear(4, 1).cuda()"), False),
    "a module that trains now": (edit("net.py", "def make", "torch.zeros(1).backward()\n\ndef make"), False),
    "an edited module that is given": (edit("sub/lib/part.py", "return x.to(device)", "return x"), False),
    "a driven module": (edit("net.py", "import torch", "import torch, accelerate\nfrom accelerate import Accelerator"), False),
    "a module that no longer parses": (edit("sub/lib/part.py", "def move(", "def move(("), False),
    "a module that parses at last": (edit("broken.py", "backward(:", "backward():\n    pass"), False),
    "a module that is gone": (remove("net.py"), False),
    "a given module that is gone": (remove("sub/lib/part.py"), False),
    "a module that was looked for in vain": (write("data.py", "import torch\ndataset = torch.zeros(3).cuda()\n"), False),
    "a package behind a module of its name": (write("sub/lib/part/__init__.py", PART), True),
    "a module behind a package of its name": (write("sub/lib.py", PART), True),
    "a module that comes first": (write("sub/data.py", "import torch\n"), False),
    "a given neighbour": (write("sub/lib/user.py", "import torch\nfrom fit import run_epoch\nrun_epoch(1, 2)\n"), False),
    "a neighbour that uses a function": (write("apart/user.py", "from fit import run_epoch\nrun_epoch(1, 2)\n"), False),
    "a neighbour that comes to use it": (write("apart/reader.py", "from fit import run_epoch\nrun_epoch(1, 2)\n"), False),
    "a user of it one folder above": (write("user.py", "from apart.fit import run_epoch\nrun_epoch(1, 2)\n"), False),
    "a neighbour that uses something else": (write("apart/user.py", "from fit import dataset\n"), True),
    "a repository that begins further in": (lambda folder: (folder / "sub" / ".git").mkdir(), False),
    "an engine of two scripts": (edit("pair/engine.py", "mean()", "sum()"), False),
    "one of two scripts": (edit("pair/two.py", "lr=0.1", "lr=0.2"), False),
    "one of two scripts that cannot follow": (edit("pair/two.py", "train(model,", "model.half()\ntrain(model,"), False),
    "one of two scripts that goes": (remove("pair/two.py"), False),
    "a third script": (write("pair/three.py", PAIR.format("AdamW")), False),
    "another framework": (edit("driven.py", "pytorch_lightning", "accelerate"), False),
    "no framework": (edit("driven.py", "import pytorch_lightning\n", ""), True),
    "other bytes of one text": (edit("latin.py", "# coding: latin-1", "# coding: iso-8859-1"), False),
    "a broken link": (link("data.py", "nowhere.py"), True),
    "a link to a module": (link("data.py", "net.py"), False),
    "a folder of that name": (lambda folder: (folder / "data.py").mkdir(), True),
    "another target": (write("pyproject.toml", '[tool.migrate]\ntarget = "accelerate"\n'), False),
    "a selection": (write("pyproject.toml", '[tool.migrate]\nselect = ["MIG1", "MIG3"]\n'), False),
    "an exclusion": (write("pyproject.toml", '[tool.migrate]\nexclude = ["sub/lib"]\n'), False),
    "follow": (write("pyproject.toml", "[tool.migrate]\nfollow = true\n"), False),
    "strict": (write("pyproject.toml", "[tool.migrate]\nstrict = true\n"), True),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_after_a_change_the_answer_is_that_of_a_first_run(
    name: str, repository: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change, is_unchanged = CHANGES[name]
    try:
        change(repository)
    except (OSError, NotImplementedError):
        pytest.skip("links cannot be made here")
    remembered = migrate("-v", "--diff")
    again = list(looked_at)
    fresh = migrate("-v", "--diff", "--no-cache")
    assert remembered == fresh
    assert (not again) == is_unchanged
    looked_at.clear()
    assert migrate("-v", "--diff") == fresh
    assert not looked_at


@pytest.mark.parametrize(
    "given",
    [
        ("train.py",),
        ("./train.py",),
        (".",),
        ("sub/other.py",),
        ("sub/other.py", "sub/lib/part.py"),
        (*GIVEN, "net.py"),
    ],
    ids=" ".join,
)
def test_other_files_are_another_question(given: tuple[str, ...], repository: Path) -> None:
    for name in given:
        assert migrate("-v", "--diff", given=(str(name),)) == migrate("-v", "--diff", "--no-cache", given=(str(name),))
    assert migrate("-v", "--diff", given=given) == migrate("-v", "--diff", "--no-cache", given=given)
    assert migrate() == migrate("--no-cache")


def test_only_the_programs_that_a_change_can_reach_are_migrated_again(repository: Path, looked_at: list[str]) -> None:
    edit("net.py", "Linear(4, 1)", "Linear(4, 2)")(repository)
    migrate()
    assert looked_at == ["train.py"]


def test_two_states_of_a_file_are_both_remembered(repository: Path, looked_at: list[str]) -> None:
    edit("train.py", "lr=0.1", "lr=0.2")(repository)
    migrate()
    edit("train.py", "lr=0.2", "lr=0.1")(repository)
    looked_at.clear()
    migrate()
    assert looked_at == []


def test_a_copy_of_a_repository_is_remembered_by_its_content(
    repository: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = repository.parent / "copy"
    build(copy)
    monkeypatch.chdir(copy)
    first = migrate("-v")
    assert looked_at == []
    assert first == migrate("-v", "--no-cache")


MODES = {
    "check": ("--check",),
    "in full": ("-v", "--diff"),
    "json": ("--output-format", "json"),
    "written": ("--write", "-v", "--diff"),
    "roles": ("--roles",),
    "unsafe": ("--unsafe", "--follow", "--target", "accelerate"),
}


@pytest.mark.parametrize("mode", MODES)
def test_all_fixtures_are_answered_as_without(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {path.parent.name: path.read_bytes() for path in (ROOT / "fixtures").glob("*/before.py")}

    def lay_out() -> None:
        for name, data in scripts.items():
            (tmp_path / f"{name}.py").write_bytes(data)

    def answer(*flags: str) -> tuple[object, dict[str, bytes]]:
        lay_out()
        return migrate(*MODES[mode], *flags, given=(".",)), {x.name: x.read_bytes() for x in tmp_path.glob("*.py")}

    monkeypatch.chdir(tmp_path)
    fresh = answer("--no-cache")
    assert not Path(os.environ["MIGRATE_CACHE_DIR"]).exists()
    assert answer() == fresh
    monkeypatch.setattr(program, "migrate", None if mode != "roles" else program.migrate)  # it is not asked again
    assert answer() == fresh


def test_an_unchanged_repository_costs_no_parser(repository: Path) -> None:
    code = (
        "import sys\nfrom migrator.cli.command import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, *sys.modules)"
    )
    command = [sys.executable, "-c", code, *GIVEN, "--check", "--ignore", "MIG9"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True, env=environment) for _ in range(2)
    )
    assert second.stderr == first.stderr
    assert "libcst" in first.stdout.split()
    assert {"libcst", "migrator.project.program", "migrator.rules.rule", "pickle"}.isdisjoint(second.stdout.split())


@pytest.mark.parametrize("name", ["_own_code", "_libcst"])
def test_another_tool_is_another_question(
    name: str, repository: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, name, lambda: "newer")
    migrate()
    assert len(looked_at) > 3


def test_the_name_of_the_tool_holds_every_file_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("a.py", "rules/b.py"):
        (tmp_path / name).write_text("x = 1\n")
    monkeypatch.setattr(identity, "_PACKAGE", str(tmp_path))
    names = [identity.identity()]
    for change in (write("rules/b.py", "x = 2\n"), write("c.py", ""), remove("a.py")):
        change(tmp_path)
        names.append(identity.identity())
    assert len(set(names)) == 4


@pytest.mark.parametrize("kind", ["foreign", "empty", "other fields", "other kinds"])
def test_an_entry_that_says_something_else_is_ignored(
    kind: str, repository: Path, looked_at: list[str], monkeypatch
) -> None:
    get = DiskCache.get

    def odd(self: DiskCache, key: str) -> bytes | None:
        found = get(self, key)
        if found is None or "codes" in key:
            return found
        document = json.loads(found)
        if isinstance(document["answer"], dict):
            document["answer"]["report"] = {"files": [["train.py", [[1]], None]], "problems": [["Odd", 1]]}
        else:
            document["answer"] = 1
        return {
            "foreign": b'["torch"]',
            "empty": b"{}",
            "other fields": json.dumps(document).encode(),
            "other kinds": json.dumps({**document, "asked": [["who", "me", "you"]]}).encode(),
        }[kind]

    fresh = migrate("-v", "--no-cache")
    monkeypatch.setattr(DiskCache, "get", odd)
    assert migrate("-v") == fresh


def test_mistakes_of_ours_are_made_anew(repository: Path, looked_at: list[str], monkeypatch) -> None:
    edit("train.py", "lr=0.1", "lr=0.2")(repository)
    problem = Distrusted("train.py", "INTERNAL ERROR: odd")
    with monkeypatch.context() as patch:
        patch.setattr(program, "migrate", lambda *given: Proposal("train.py", ProgramReport((), (problem,))))
        assert "odd" in migrate()[2]
    assert "odd" not in migrate()[2]
    assert looked_at == ["train.py", "train.py"]


def test_two_commands_at_once_say_what_one_says(repository: Path) -> None:
    edit("train.py", "lr=0.1", "lr=0.2")(repository)
    command = [sys.executable, "-m", "migrator", *GIVEN, "-v", "--diff", "--target", "accelerate"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)
    ]
    outputs = [(*process.communicate(), process.returncode) for process in processes]
    code, diff, findings = migrate("-v", "--diff", "--target", "accelerate", "--no-cache")
    assert outputs == [(diff, findings.encode(), code)] * 3


# ---------------------------------------------------------------- nothing is learned of the disk but from the source store

PURE = {"basename", "commonpath", "dirname", "join", "normpath", "split", "splitext", "sep", "curdir", "pardir", "path"}
PURE |= {"stdlib_module_names"}
FLOORS = ("inference", "training", "rules", "plan", "project/program.py")
TALKATIVE = {"pathlib", "subprocess", "time", "glob", "io", "socket", "random", "tempfile", "platform"}


def files_of_the_floors() -> list[Path]:
    package = Path(migrator.__file__).parent
    return [
        path
        for name in FLOORS
        for path in ([package / name] if name.endswith(".py") else (package / name).rglob("*.py"))
    ]


def questions(tree: ast.AST) -> Iterator[str]:
    """Whatever may ask something of the system."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os" | "sys") | ast.Attribute(value=ast.Name(id="os"))):
                if node.attr not in PURE:
                    yield f"{node.attr} in line {node.lineno}"
            case ast.Call(func=ast.Name(id="open" | "exec" | "eval" | "__import__" | "input")):
                yield f"{ast.unparse(node.func)} in line {node.lineno}"
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name.split(".")[0] in TALKATIVE)
            case ast.ImportFrom(module=str(module)):
                if module.split(".")[0] in TALKATIVE | {"os", "sys"} or module.startswith("migrator.source.files"):
                    yield module


@pytest.mark.parametrize("path", files_of_the_floors(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_floor_above_the_text_asks_nothing_of_the_system(path: Path) -> None:
    assert list(questions(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_such_questions_would_be_seen() -> None:
    asked = (
        "import os\nfrom os import path\nos.path.exists('a')\nos.environ\nopen('a')\nimport pathlib\nos.path.join('a')"
    )
    assert len(list(questions(ast.parse(asked)))) == 5


def test_a_setting_counts_unless_it_decides_nothing() -> None:
    assert {"target", "select", "ignore", "unsafe", "follow", "roles"}.isdisjoint(cache._ELSEWHERE)
