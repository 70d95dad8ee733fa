"""Why a mutant that trains as it should does so: reasons that can be checked by its text.

A reason is a question to a mutant, the good program, and what the original prints; its first line says why the answer
yes makes it harmless.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from tests.programs.mutation import DOUBLED, EARLIER, IN_PART, INTO, LATER, LEFT_OUT, OUT, Mutant
from tests.programs.oracle.program import Program

Reason = Callable[[Mutant, Program, Sequence[str]], bool]
_DEVICES = re.compile(r"\b(device|cuda|cpu|is_available|gpu)\b|cuda|device")
_TENSOR_TYPES = {"FloatTensor": "torch.float32", "LongTensor": "torch.int64"}
_SCALES = ("mixed_precision", "gradient_accumulation_steps", "accumulate(")  # what `backward` and `step` may do beside


# ---------------------------------------------------------------- left out


class _WithoutDevices(ast.NodeTransformer):
    """Takes away what only says on which device something is."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.keywords = [
            x for x in node.keywords if x.arg not in ("device", "non_blocking", "map_location", "pin_memory")
        ]
        if isinstance(node.func, ast.Attribute):
            left = [x for x in node.args if not _DEVICES.search(ast.unparse(x)) and not isinstance(x, ast.Constant)]
            if node.func.attr in ("cuda", "cpu") or (node.func.attr == "to" and not left and not node.keywords):
                return node.func.value
            if node.func.attr == "type" and left and (kind := _TENSOR_TYPES.get(ast.unparse(left[0]))):
                node.func.attr, left = "to", [ast.parse(kind, mode="eval").body]
            if node.func.attr == "to":
                node.args = left
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        self.generic_visit(node)
        (part,) = node.generators
        return part.iter if ast.unparse(part.target) == ast.unparse(node.elt) else node

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        (part,) = node.generators
        is_same = ast.unparse(part.target).strip("()") == f"{ast.unparse(node.key)}, {ast.unparse(node.value)}"
        return part.iter.func.value if is_same and ast.unparse(part.iter).endswith(".items()") else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        self.generic_visit(node)
        targets, value = [ast.unparse(x) for x in node.targets], ast.unparse(node.value)
        return None if targets == [value] or _DEVICES.search(f"{targets} {value}") else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        self.generic_visit(node)
        return None if isinstance(node.value, ast.Name) else node

    def visit_If(self, node: ast.If) -> ast.AST | Sequence[ast.AST] | None:
        is_of_gpus = _is_of_gpus(node.test)
        self.generic_visit(node)
        return (node.orelse or None) if is_of_gpus else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        is_of_gpus = _is_of_gpus(node.test)
        self.generic_visit(node)
        return node.orelse if is_of_gpus else node


def _is_of_gpus(test: ast.expr) -> bool:
    """Whether a condition is false where there is none."""
    shown = ast.unparse(test)
    return bool(re.search(r"cuda|gpu|device\.index", shown)) and "not " not in shown


def moves_nothing_on_a_cpu(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """On a CPU every device is the same: but for devices, both programs are one."""
    return _same(mutant.program, good, _WithoutDevices())


class _WithoutTypes(_WithoutDevices):
    """Takes away conversions, too."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        found = super().visit_Call(node)
        match found:
            case (
                ast.Call(func=ast.Attribute(value=value, attr="to" | "type"))
                | ast.Call(func=ast.Name(id="Variable"), args=[value])
            ):
                return value
        return found


def is_of_the_type_already(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """What has the type already is not converted: but for devices and types, both programs are one."""
    return _same(mutant.program, good, _WithoutTypes())


class _PlainBackward(ast.NodeTransformer):
    """Calls `backward` of the loss."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(attr="backward", value=owner), args=[loss, *rest]):
                if ast.unparse(owner).endswith("accelerator"):
                    return ast.Call(ast.Attribute(loss, "backward", ast.Load()), rest, node.keywords)
        return node


def calls_the_backward_of_the_loss(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Without mixed precision and accumulation the Accelerator's `backward` is that of the loss."""
    return _scales_nothing(good) and _same(mutant.program, good, _PlainBackward())


class _Wrapped(ast.NodeTransformer):
    """Takes the wrapper for what is in it."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        return node.value if node.attr == "module" else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return node.orelse if re.search(r"hasattr\(.*module", ast.unparse(node.test)) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        is_unwrap = isinstance(node.func, ast.Attribute) and node.func.attr == "unwrap_model"
        return node.args[0] if is_unwrap else node


def reaches_the_same_through_the_wrapper(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """The prepared model names its parameters, and gives its attributes, as the model in it does."""
    return _same(mutant.program, good, _Wrapped())


class _MadeFolders(ast.NodeTransformer):
    """Makes folders one way."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("mkdir", "makedirs"):
            node.func.attr, node.keywords = "makedirs", []
        return node


def comes_first_this_time(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Two processes that make a folder meet only sometimes, and this time one came first: no run shows that none can."""
    return _same(mutant.program, good, _MadeFolders())


def _same(one: Program, other: Program, taken: ast.NodeTransformer) -> bool:
    return [_dump(text, taken) for text in one] == [_dump(text, taken) for text in other]


def _dump(text: str, taken: ast.NodeTransformer) -> str:
    return ast.dump(taken.visit(ast.parse(text)))


def _scales_nothing(program: Program) -> bool:
    return not any(word in text for text in program for word in _SCALES)


# ---------------------------------------------------------------- one object left out


def deals_out_nothing(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Without a loader to deal out, every process does the same work on the same samples, prepared or not."""
    return not any("DataLoader(" in text for text in good)


def steps_by_itself(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Without mixed precision and accumulation a prepared optimizer steps as it does by itself."""
    name = re.escape(_told(mutant).rpartition(".")[2])
    steps = any(re.search(rf"\b{name}\.step\(", text) for text in good) and "sched" not in name
    made = re.compile(rf"\b{name} = .*\boptim\.\w")
    return _scales_nothing(good) and (steps or any(made.search(text) for text in good))


def computes_on_noise_alone(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """What is computed on noise is the same on every process: these are seeded alike."""
    name = _told(mutant)
    calls = [x for text in good for x in ast.walk(ast.parse(text)) if isinstance(x, ast.Call)]
    inputs = [ast.unparse(x.args[0]) for x in calls if ast.unparse(x.func) == name and x.args]
    noise = re.compile(r"(torch\.randn?|np\.random\.\w+)\(")
    return bool(inputs) and all(
        noise.search(x) or any(re.search(rf"\b{re.escape(x)} = .*{noise.pattern}", text) for text in good)
        for x in inputs
    )


def _told(mutant: Mutant) -> str:
    assert mutant.wrong is not None
    return mutant.wrong.statement


# ---------------------------------------------------------------- doubled


def says_the_same_again(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """An import or a return may be made twice, and an assignment of what it does not change: it draws no random number."""
    (statement,) = ast.parse(_told(mutant)).body
    if isinstance(statement, ast.Assign):
        return not {ast.unparse(x) for x in statement.targets} & _names(statement.value)
    return isinstance(statement, (ast.Import, ast.ImportFrom, ast.Return))


def is_assigned_in_each_round(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Of an assignment made in each round the last one counts, and what it refers to is looked at when it is used."""
    return says_the_same_again(mutant, good, lines)


def leaves_what_is_there(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """What is copied or loaded twice is there once."""
    return bool(re.search(r"load_state_dict\(|copyfile\(|copy2?\(", _told(mutant)))


def shares_one_world(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """All Accelerators of a process share one group of processes."""
    return bool(re.fullmatch(r"[\w.]+ = Accelerator\(.*\)", _told(mutant)))


def is_prepared_already(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """`prepare` gives back what it has prepared."""
    match ast.parse(_told(mutant)).body:
        case [ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(attr="prepare"), args=arguments))]:
            return ast.unparse(target).strip("()") == ", ".join(map(ast.unparse, arguments))
    return False


def may_exist_already(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """A folder may be made that is there already."""
    return "exist_ok=True" in _told(mutant)


# ---------------------------------------------------------------- misplaced


def touches_nothing_of_what_it_passes(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Statements may change places that share no name that one of them assigns, unless both are there for their effect."""
    assert mutant.wrong is not None
    moved, passed = ast.parse(mutant.wrong.statement), ast.parse(mutant.wrong.passed)
    shared = any(
        _overlap(one, other)
        for written, read in ((moved, passed), (passed, moved))
        for one in _assigned(written)
        for other in _names(read)
    )
    return not shared and not (_effects(moved) & _effects(passed))


def is_trained_as_it_was_made(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Only the loader is another one when it is prepared: `backward` averages whatever computed the loss."""
    assert mutant.wrong is not None
    statement, passed = ast.parse(mutant.wrong.statement).body[0], ast.parse(mutant.wrong.passed)
    loops = (x.iter for text in good for x in ast.walk(ast.parse(text)) if isinstance(x, ast.For))
    walked = {name for loop in loops for name in _names(loop)}
    shared = {name for name in _names(statement) if name in _names(passed)}
    return shared.isdisjoint(walked) and "prepare" in mutant.wrong.statement


def clips_nothing(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """Before there are gradients nothing is clipped; as the numbers are the same, nothing is where it should stand."""
    assert mutant.wrong is not None
    return "clip_grad_norm_" in mutant.wrong.passed


def _names(tree: ast.AST) -> set[str]:
    """List the names, each with its attributes: `self.model`; a function's body does not run where it is defined."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
            for outside in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
                visit(outside or ast.Pass())
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, (ast.Name, ast.Attribute)) and _is_dotted(node):
            found.add(ast.unparse(node))
        else:
            found.update([node.name] if isinstance(node, ast.ClassDef) else [])
            for child in ast.iter_child_nodes(node):
                visit(child)

    visit(tree)
    return found


def _is_dotted(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_dotted(node.value))


def _assigned(tree: ast.AST) -> set[str]:
    """List the names that a statement assigns."""
    stored = (x for x in ast.walk(tree) if isinstance(x, (ast.Name, ast.Attribute)) and isinstance(x.ctx, ast.Store))
    defined = (x for x in ast.walk(tree) if isinstance(x, (ast.FunctionDef, ast.ClassDef, ast.alias)))
    return _names(tree) & {*map(ast.unparse, stored), *(name for x in defined for name in _names(x))}


def _overlap(one: str, other: str) -> bool:
    return f"{other}.".startswith(f"{one}.") or f"{one}.".startswith(f"{other}.")


def _effects(tree: ast.Module) -> set[str]:
    """Say what is called without keeping what it gives: something that prints, or that does something else."""
    run = (x for statement in tree.body if not isinstance(statement, ast.FunctionDef) for x in ast.walk(statement))
    called = (x.value for x in run if isinstance(x, ast.Expr) and isinstance(x.value, ast.Call))
    return {"prints" if ast.unparse(x.func).endswith(("print", "stdout.write")) else "acts" for x in called}


def is_never_said(mutant: Mutant, good: Program, lines: Sequence[str]) -> bool:
    """A print that is not reached says nothing, wherever and however often it stands."""
    line = dict(good.files)[mutant.file].splitlines()[mutant.line - 1]
    words = max(re.split(r"[{}%\\'\"]", line.partition("print(")[2]), key=len)
    return "print(" in line and not any(words in said for said in lines)


# ---------------------------------------------------------------- the table

_DEVICE_RULES = ("MIG001", "MIG002", "MIG1", "MIG402")
_WRAPPER_RULES = ("MIG207", "MIG501", "MIG503", "MIG504")
_MOVED: tuple[tuple[tuple[str, ...], Reason], ...] = (
    (("MIG",), touches_nothing_of_what_it_passes),
    (_DEVICE_RULES, moves_nothing_on_a_cpu),
    (("MIG201",), is_trained_as_it_was_made),
    (("MIG106",), is_of_the_type_already),
    (("MIG301",), clips_nothing),
    (("MIG702",), is_never_said),
)
HARMLESS: dict[str, tuple[tuple[tuple[str, ...], Reason], ...]] = {
    LEFT_OUT: (
        (_DEVICE_RULES, moves_nothing_on_a_cpu),
        (_WRAPPER_RULES, reaches_the_same_through_the_wrapper),
        (("MIG201",), deals_out_nothing),
        (("MIG301",), calls_the_backward_of_the_loss),
        (("MIG505",), comes_first_this_time),
        (("MIG702",), is_never_said),
    ),
    IN_PART: tuple((("MIG201",), reason) for reason in (deals_out_nothing, steps_by_itself, computes_on_noise_alone)),
    DOUBLED: (
        (("MIG",), says_the_same_again),
        (_DEVICE_RULES, moves_nothing_on_a_cpu),
        (("MIG001",), shares_one_world),
        (("MIG201",), is_prepared_already),
        (("MIG505",), may_exist_already),
        (("MIG503", "MIG505"), leaves_what_is_there),
        (("MIG702",), is_never_said),
    ),
    INTO: ((("MIG201",), is_prepared_already), (("MIG501", "MIG504"), is_assigned_in_each_round)),
    **dict.fromkeys((EARLIER, LATER, OUT), _MOVED),
}


def why_harmless(mutant: Mutant, good: Program, lines: Sequence[str]) -> str:
    """Give the reason that holds for a mutant; empty where there is none.

    Args:    lines: what the original prints.
    """
    for codes, reason in HARMLESS[mutant.kind]:
        if mutant.code.startswith(codes) and reason(mutant, good, lines):
            return (reason.__doc__ or "").strip()
    return ""
