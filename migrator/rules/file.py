"""Files other than checkpoints, such as figures and logs: written by the main process only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from migrator.inference.objects import Kind
from migrator.inference.trace import Called, Forwarded
from migrator.rules.change import Change, Level
from migrator.rules.checkpoint import guarded
from migrator.rules.main_process import is_guarded, is_guarded_on_every_way, takes_part
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.training import Training

# library functions that write files; each is called for its effect only
_WRITERS = frozenset(
    """torchvision.utils.save_image matplotlib.pyplot.savefig pylab.savefig numpy.save numpy.savez numpy.savetxt json.dump
    pickle.dump scipy.misc.imsave scipy.io.savemat imageio.imwrite imageio.imsave imageio.mimsave cv2.imwrite
    torch.onnx.export joblib.dump shutil.copyfile shutil.copy shutil.move os.remove os.rename yaml.dump""".split()
)
_OPENERS = frozenset({"open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open"})
# the position of the file name, where that is not the first argument; None: the function gets an open file
_PATHS = {
    "torchvision.utils.save_image": 1, "joblib.dump": 1, "torch.onnx.export": 2, "shutil.copyfile": 1, "shutil.copy": 1,
    "shutil.move": 1, "os.rename": 1, "os.remove": None, "json.dump": None, "pickle.dump": None, "yaml.dump": None,
}  # fmt: skip
# what happens if every process opens a file, by the letter of the mode
_CONSEQUENCES = {
    "w": "each process truncates the file and overwrites what the others wrote",
    "a": "the lines of all processes are mixed",
    "x": "only one process can create the file, and the others raise an error",
    "r": "the processes overwrite what the others wrote",
}
# methods of models, tables and figures that write files
_WRITING_METHODS = frozenset(
    """save save_pretrained push_to_hub to_csv to_json to_pickle to_excel to_parquet to_hdf savefig write_image
""".split()
)


class OtherWrites(Rule):
    """Write other files on the main process only.

    What: `save_image(...)`, `np.save(...)`, `plt.savefig(...)` are put under `if accelerator.is_main_process:`.
    Why: processes that write the same file at once corrupt it.
    Safety: safe for calls whose result is not used; others are reported.
    Source: Accelerate's guide on processes.
    """

    code = "MIG505"
    name = "other-writes"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for module, call, name in _unguarded_writes(training):
            yield from self._write(training, module, call, name)

    def _write(self, training: Training, module: Module, call: s.Call, name: str) -> Iterator[Change]:
        statement = call.statement
        if not isinstance(call.parent, s.Evaluate):
            return
        if _runs_model(training, statement):
            yield Change(
                self.code, module, call, f"Every process writes a file with `{name}`", level=Level.REVIEW,
                reason="the processes overwrite each other's file",
                help="compute what is written on every process, then write it under `if accelerator.is_main_process:`",
            )  # fmt: skip
            return
        block = _opening_with(training, statement)
        target = block if block is not None else statement
        yield guarded(self.code, module, target, target, call, f"Call `{name}` on the main process only")


def _unguarded_writes(training: Training) -> Iterator[tuple[Module, s.Call, str]]:
    """The calls by which every process writes a file, each with the function's name."""
    done: set[s.Node] = set()
    for name, found in training.calls.items():
        for module, call in found if name in _WRITERS else ():
            if training.is_involved(call) and not is_guarded(training, call):
                yield module, call, name
    for module in training.modules:
        for call in module.nodes(s.Call):
            if isinstance(call.func, s.Attribute) and call.func.name in ("write_text", "write_bytes"):
                if training.is_involved(call) and not is_guarded(training, call):
                    yield module, call, f".{call.func.name}"
    for event in training.events(Called):
        if event.method in _WRITING_METHODS and event.item.kind in (Kind.MODEL, Kind.OPAQUE):
            call = event.node
            if training.is_involved(call) and not is_guarded(training, call) and call not in done:
                done.add(call)
                yield training.module_of(call), call, f".{event.method}"


def files_written(training: Training) -> Iterator[tuple[Module, s.Call, s.Expression]]:
    """Give the calls that write a file, or open one to write, from now on on the main process alone, each with the file's name."""
    for module, call, name in _unguarded_writes(training):
        at = _PATHS.get(name, 0)
        path = call.argument(at, "path") if at is not None else None
        if name in (".write_text", ".write_bytes"):
            path = call.func.value  # type: ignore[attr-defined]
        if path is not None and isinstance(call.parent, s.Evaluate):
            yield module, call, path
    for module, call in _opened(training):
        path = _path_node(call)
        if path is not None and training.is_involved(call) and not is_guarded_on_every_way(training, call):
            yield module, call, path


def _runs_model(training: Training, statement: s.Node) -> bool:
    """Whether a statement runs a model: on the main process only, the forward of DDP would hang."""
    inside = set(statement.walk())
    return any(
        event.node in inside for event in training.events(Forwarded) if event.item.kind in (Kind.MODEL, Kind.OPAQUE)
    )


def _opening_with(training: Training, statement: s.Statement) -> s.With | None:
    """The ``with open(path, "w") as f:`` whose body is one write."""
    owner = statement.block.owner
    if not isinstance(owner, s.With) or len(owner.body.statements) != 1 or len(owner.items) != 1:
        return None
    call = owner.items[0].value
    opens = isinstance(call, s.Call) and isinstance(call.func, s.Name) and call.func.id == "open"
    return owner if opens else None


class OpenedFile(Rule):
    """Open files for writing on the main process only.

    What: `with open("log.csv", "a") as f:` is put under `if accelerator.is_main_process:` where its body only writes; any
    other `open(..., "w")` is reported.
    Why: when N processes write one file, its lines are repeated or interleaved.
    Safety: safe where no variable that the body assigns is read afterwards and no model runs in it.
    Source: Accelerate's guide on processes.
    """

    code = "MIG505"
    name = "opened-file"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        for module, call in _opened(training) if training.required else ():
            involved = training.is_involved(call)
            if not takes_part(training, call) or is_guarded_on_every_way(training, call):
                continue
            block = _only_writes(training, call) if involved else None
            if block is not None:
                yield guarded(
                    self.code, module, block, block, call, f"Write {_path(module, call)} on the main process only"
                )
            elif _opening_save(training, call) is None:
                yield Change(
                    self.code, module, call, f"Every process writes {_path(module, call)}", level=Level.REVIEW,
                    reason=_CONSEQUENCES[_mode(call)],
                    help="open the file and write to it under `if accelerator.is_main_process:`",
                )  # fmt: skip


def _opened(training: Training) -> Iterator[tuple[Module, s.Call]]:
    """The calls that open a file to write: `open(path, "w")`, `gzip.open(path, "wb")`, `path.open("w")`."""
    for name in _OPENERS & training.calls.keys():
        yield from ((module, call) for module, call in training.calls[name] if _writes(call.argument(1, "mode")))
    for module in training.modules:
        for call in module.nodes(s.Call):
            if isinstance(call.func, s.Attribute) and call.func.name == "open" and _writes(call.argument(0, "mode")):
                if not any(x.kind is Kind.LIBRARY for x in training.value(call.func)):  # a module's function
                    yield module, call


def _writes(mode: s.Node | None) -> bool:
    return isinstance(mode, s.Literal) and re.fullmatch(r"[rb+t]*[wax+][bt+]*", str(mode.value)) is not None


def _mode(call: s.Call) -> str:
    """The letter of the mode by which a call opens a file: w, a, x or r."""
    modes = (x for x in (call.argument(1, "mode"), call.argument(0, "mode")) if _writes(x))
    text = "".join(str(x.value) for x in modes if isinstance(x, s.Literal))
    return next((letter for letter in text if letter in "wax"), "r")


def _path_node(call: s.Call) -> s.Expression | None:
    """The expression that names the file: the argument of `open`, or what `.open` is called on."""
    if isinstance(call.func, s.Attribute) and _writes(call.argument(0, "mode")):
        return call.func.value
    return call.args[0].value if call.args else None


def _path(module: Module, call: s.Call) -> str:
    node = _path_node(call)
    return f"`{module.text(node)}`" if node is not None else "a file"


def _only_writes(training: Training, call: s.Call) -> s.With | None:
    """The `with` whose body only writes to the file and assigns nothing that is read afterwards."""
    block = call.statement
    if not isinstance(block, s.With) or _runs_model(training, block):
        return None
    opened = {x for _, x in _opened(training)}
    if call not in [item.value for item in block.items] or not all(item.value in opened for item in block.items):
        return None
    if not all(isinstance(x, (s.Evaluate, s.For, s.Assign, s.Augment, s.If)) for x in _statements(block.body)):
        return None
    own = {x.id for x in block.walk() if isinstance(x, s.Name) and x.store}
    scope = call.scope
    inside = set(block.walk())
    outside = [x for name in own for x in scope.names.get(name, []) if not (x in inside or x.store or _has_its_own(x))]
    kept = any(isinstance(x, (s.Attribute, s.Subscript)) and x.store for x in inside)
    return None if outside or kept else block


def _has_its_own(name: s.Name) -> bool:
    """Whether a name is read under another `with` that rebinds it."""
    node: Any = name
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        if isinstance(node, s.With) and any(
            isinstance(item.target, s.Name) and item.target.id == name.id for item in node.items
        ):
            return True
        node = node.parent
    return False


def _statements(block: s.Block) -> Iterator[s.Node]:
    for statement in block.statements:
        yield statement
        for inner in statement.blocks():
            yield from _statements(inner)


def _opening_save(training: Training, call: s.Call) -> s.Node | None:
    """The `torch.save` that a file is opened for, which MIG501 handles."""
    inside = set(call.statement.walk())
    return next((save for _, save in training.calls.get("torch.save", []) if save in inside), None)


RULES: tuple[type[Rule], ...] = (OtherWrites, OpenedFile)
