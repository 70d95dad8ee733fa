"""Files: checkpoints that one process writes, with the names that they always had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator.roles.role import Kind
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.prepare import is_guarded, unguarded_saves, wrapper_questions
from migrator.rules.rule import Rule, Safety
from migrator.source import syntax as s
from migrator.source.block import Insert, Operation, Replace, Wrap
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.training import Training

_PREPARED = frozenset({"prepared"})
_GUARD = f"if {ACCELERATOR}.is_main_process:"


class Save(Rule):
    """Let the main process alone write checkpoints.

    What: `torch.save(x, path)` becomes `accelerator.save(x, path)`; a block that opens the file itself moves under
    `if accelerator.is_main_process:`. The model is unwrapped first, so that a checkpoint keeps its names.
    Why: N processes writing one file at once leave a broken one; the wrapper's names begin with `module.`.
    Safety: safe; on one process nothing changes.
    Source: Accelerate's `Accelerator.save`.
    """

    code = "MIG501"
    name = "save"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        done: set[Any] = set()
        for module, call in unguarded_saves(training):
            block = _opening_block(training, call)
            if block is not None:
                if block not in done:
                    done.add(block)
                    yield _guarded(
                        self.code,
                        module,
                        block,
                        block,
                        call,
                        f"Write `{_path_text(module, block)}` on the main process only",
                    )
                continue
            yield self._change(training, module, call)

    def _change(self, training: Training, module: Module, call: s.Call) -> Change:
        known = {None, "obj", "f"}
        if (
            len([arg for arg in call.args if arg.keyword is None]) > 2
            or {arg.keyword for arg in call.args} - known
            or any(arg.star for arg in call.args)
        ):
            return _guarded(self.code, module, call.statement, call.statement, call, "Save on the main process only")
        text = module.text(call.func)
        return Change(
            self.code,
            module,
            call,
            f"Replace `{text}(...)` with `accelerator.save(...)`, which writes on the main process",
            (Step(module, call, Replace(module.span(call.func), f"{ACCELERATOR}.save")),),
            needs=_PREPARED,
            gives=frozenset({f"save:{id(call)}"}),
        )


def _guarded(code: str, module: Module, first: Any, last: Any, node: Any, message: str) -> Change:
    return Change(
        code,
        module,
        node,
        message,
        (Step(module, first, Wrap(first, last, _GUARD)),),
        needs=_PREPARED,
        gives=frozenset({f"save:{id(node)}"}),
    )


def _path_text(module: Module, block: s.With) -> str:
    call = block.items[0].value
    first = call.args[0].value if isinstance(call, s.Call) and call.args else call
    return module.text(first)


def _opening_block(training: Training, call: s.Call) -> s.With | None:
    """The ``with open(path, "wb") as f:`` whose file a save writes to; None where it names a path."""
    target = call.argument(1, "f")
    node: Any = call.statement
    while isinstance(target, s.Name) and isinstance(node.block.owner, s.With):
        node = node.block.owner
        if any(isinstance(item.target, s.Name) and item.target.id == target.id for item in node.items):
            return node  # type: ignore[no-any-return]
    return None


class Load(Rule):
    """Wait for a checkpoint to be written before it is read.

    What: `accelerator.wait_for_everyone()` is inserted before a `torch.load` that follows a save of the same run.
    Why: the main process may still be writing when the others come to read.
    Safety: safe where every process gets there, outside loops.
    Source: Accelerate's `Accelerator.wait_for_everyone`.
    """

    code = "MIG503"
    name = "load"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        written = [event.order for event in training.events("save")]
        if not written:
            return
        first = min(written)
        done: set[Any] = set()
        reads = training.calls.get("torch.load", [])
        for module, call in reads:
            if not training.is_involved(call):
                continue
            visits = [event for event in training.events("make") if event.node is call]
            if (
                not all(isinstance(list(event.frame.chain())[-1].node, s.Root) for event in visits)
                or not visits
                or not all(event.order > first for event in visits)
                or any(event.loop is not None for event in visits)
            ):
                continue
            statement = _outermost_with(call.statement)
            if statement in done or _waits(statement):
                continue
            done.add(statement)
            operation = Insert(
                statement.block, statement.index, (f"{ACCELERATOR}.wait_for_everyone()",), tight=True, rank=1
            )
            yield Change(
                self.code,
                module,
                call,
                "Wait until the main process has written the file",
                (Step(module, statement, operation),),
                needs=_PREPARED,
            )


def _waits(statement: Any) -> bool:
    """Whether the statement before waits for the other processes already."""
    before = statement.block.statements[statement.index - 1] if statement.index else None
    call = before.value if isinstance(before, s.Evaluate) else None
    return isinstance(call, s.Call) and isinstance(call.func, s.Attribute) and call.func.name == "wait_for_everyone"


def _outermost_with(statement: Any) -> Any:
    while isinstance(statement.block.owner, s.With):
        statement = statement.block.owner
    return statement


# library functions that write files; each is called for its effect only
_WRITERS = frozenset(
    """torchvision.utils.save_image matplotlib.pyplot.savefig pylab.savefig numpy.save numpy.savez numpy.savetxt json.dump
    pickle.dump scipy.misc.imsave scipy.io.savemat imageio.imwrite imageio.imsave imageio.mimsave cv2.imwrite
    torch.onnx.export joblib.dump shutil.copyfile shutil.copy shutil.move os.remove os.rename yaml.dump""".split()
)
_FOLDERS = frozenset({"os.mkdir", "os.makedirs"})
# methods of models and tokenizers that write files
_WRITING_METHODS = frozenset({"save", "save_pretrained", "push_to_hub"})


class OtherWrites(Rule):
    """Let the main process alone write other files, and make folders without a race.

    What: `save_image(...)`, `np.save(...)`, `plt.savefig(...)` move under `if accelerator.is_main_process:`;
    `os.mkdir(d)` becomes `os.makedirs(d, exist_ok=True)`.
    Why: two processes that write one file leave a broken one; two that make one folder raise FileExistsError.
    Safety: safe for calls that are made for their effect only.
    Source: Accelerate's guide on processes.
    """

    code = "MIG505"
    name = "other-writes"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        done: set[Any] = set()
        for name, found in training.calls.items():
            for module, call in found:
                if not training.is_involved(call):
                    continue
                if name in _FOLDERS and not _tolerates(call.statement):
                    yield from self._folder(training, module, call, name)
                elif name in _WRITERS and not is_guarded(training, call):
                    yield from self._write(training, module, call, name)

        for event in training.events("call"):
            if event.detail in _WRITING_METHODS and event.item.kind in (Kind.MODEL, Kind.OPAQUE):
                call = event.node
                if training.is_involved(call) and not is_guarded(training, call) and call not in done:
                    done.add(call)
                    yield from self._write(training, training.module_of(call), call, f".{event.detail}")

    def _folder(self, training: Training, module: Module, call: s.Call, name: str) -> Iterator[Change]:
        if (
            call.argument(None, "exist_ok") is not None
            or not isinstance(call.parent, s.Evaluate)
            or any(arg.star for arg in call.args)
        ):
            return
        operations: list[Operation] = []
        if name == "os.mkdir":
            text = module.text(call.func)
            if not text.endswith("mkdir") or len(call.args) != 1 or "." not in text:
                return
            end = module.span(call.func).end
            operations.append(Replace(Span(end - len("mkdir"), end), "makedirs"))
        if call.args:
            end = module.outer(call.args[-1].value).end
            operations.append(Replace(Span(end, end), ", exist_ok=True"))
        yield Change(
            self.code, module, call, "Make the folder without failing where another process was faster",
            tuple(Step(module, call, operation) for operation in operations), needs=_PREPARED,
        )  # fmt: skip

    def _write(self, training: Training, module: Module, call: s.Call, name: str) -> Iterator[Change]:
        statement = call.statement
        if not isinstance(call.parent, s.Evaluate):
            return
        if _runs_model(training, statement):
            yield Change(
                self.code, module, call, f"`{name}` writes a file in every process", level=Level.REVIEW,
                reason="the processes overwrite one another's file",
                recipe="compute first, then write under `if accelerator.is_main_process:`",
            )  # fmt: skip
            return
        block = _opening_with(training, statement)
        target = block if block is not None else statement
        yield _guarded(self.code, module, target, target, call, f"Call `{name}` on the main process only")


def _tolerates(statement: Any) -> bool:
    """Whether a statement stands in a `try` whose handlers take a folder that is there already."""
    owner = statement.block.owner
    if not isinstance(owner, s.Try) or statement.block is not owner.body:
        return False
    words = {
        x.id
        for handler in owner.handlers
        if handler.type is not None
        for x in handler.type.walk()
        if isinstance(x, s.Name)
    }
    return not all(handler.type is not None for handler in owner.handlers) or bool(
        words & {"OSError", "FileExistsError", "Exception", "IOError"}
    )


def _runs_model(training: Training, statement: Any) -> bool:
    """Whether a statement runs a model: under a guard, DDP's forward would wait for the other processes for ever."""
    inside = set(statement.walk())
    return any(
        event.node in inside for event in training.events("forward") if event.item.kind in (Kind.MODEL, Kind.OPAQUE)
    )


def _opening_with(training: Training, statement: Any) -> s.With | None:
    """The ``with open(path, "w") as f:`` that exists for one write only."""
    owner = statement.block.owner
    if not isinstance(owner, s.With) or len(owner.body.statements) != 1 or len(owner.items) != 1:
        return None
    call = owner.items[0].value
    opens = isinstance(call, s.Call) and isinstance(call.func, s.Name) and call.func.id == "open"
    return owner if opens else None


class MainProcessGuard(Rule):
    """Ask the Accelerator who the main process is.

    What: `if rank == 0:` becomes `if accelerator.is_main_process:`.
    Why: the rank that the script worked out by hand goes with its process group.
    Safety: safe for a plain comparison with 0 that guards a block.
    Source: Accelerate's `Accelerator.is_main_process`.
    """

    code = "MIG406"
    name = "rank-check"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required:
            return
        for module in training.modules:
            for node in module.nodes(s.Compare):
                zero = node.comparators[0]
                if node.operators != ["=="] or not (isinstance(zero, s.Literal) and zero.value == 0):
                    continue
                ranks = [x for x in training.value(node.left) if x.kind is Kind.RANK]
                if not ranks or len(ranks) != len(training.value(node.left)):
                    continue
                yield Change(
                    self.code, module, node, f"Replace `{module.text(node)}` with `accelerator.is_main_process`",
                    (Step(module, node, Replace(module.span(node), f"{ACCELERATOR}.is_main_process")),), needs=_PREPARED,
                )  # fmt: skip


class SaveDict(Rule):
    """Keep the layout of checkpoints that are dictionaries.

    What: in `torch.save({"model": model.state_dict(), "epoch": e}, path)` only `model` is unwrapped.
    Why: old checkpoints load, and new ones load without Accelerate.
    Safety: safe; done by MIG501 and MIG207 together.
    Source: Accelerate's `Accelerator.save`.
    """

    code = "MIG502"
    name = "save-dict"

    def check(self, training: Training) -> Iterator[Change]:
        return iter(())


class ModelModule(Rule):
    """Replace `model.module` by `unwrap_model`.

    What: `model.module.x` becomes `accelerator.unwrap_model(model).x`, and so does the whole of
    `model.module.x if hasattr(model, "module") else model.x`.
    Why: on one process there is no `module`.
    Safety: safe; done together with MIG207.
    Source: Accelerate's `Accelerator.unwrap_model`.
    """

    code = "MIG504"
    name = "model-module"
    safety = Safety.SAFE

    def check(self, training: Training) -> Iterator[Change]:
        for node, model in wrapper_questions(training) if training.required else ():
            module = training.module_of(node)
            shown = module.text(model)
            inside = [x for x in node.orelse.walk() if module.text(x) == shown and isinstance(x, type(model))]
            span, start = module.outer(node), module.outer(node.orelse).start
            text = module.outer_text(node.orelse)
            for part in reversed(inside):
                at, end = (offset - start for offset in module.outer(part))
                text = f"{text[:at]}{ACCELERATOR}.unwrap_model({text[at:end]}){text[end:]}"
            yield Change(
                self.code,
                module,
                node,
                f"Reach the model through `accelerator.unwrap_model({shown})`, wrapped or not",
                (Step(module, node, Replace(span, text)),),
                needs=_PREPARED,
                gives=frozenset(f"unwrap:{id(x)}" for x in node.walk()),
                alike=tuple(x for x in node.body.walk() if isinstance(x, s.Attribute) and x.name == "module"),
            )


RULES: tuple[type[Rule], ...] = (Save, SaveDict, Load, ModelModule, OtherWrites, MainProcessGuard)
