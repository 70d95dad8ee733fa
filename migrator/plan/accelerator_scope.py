"""How code reaches the Accelerator: as a variable in scope, on ``self``, or through parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from migrator.inference.function import entered
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object
from migrator.plan.accelerator_site import AcceleratorSite, Access, Unreachable, why_not_called
from migrator.plan.signature import new_argument, new_parameter
from migrator.rules.change import Argument
from migrator.source import syntax as s
from migrator.source.block import Insert
from migrator.source.module import Module
from migrator.training.own_device import placed_by_weights
from migrator.training.position import after_docstring, class_of, scope_of

ExternalUse = Callable[
    [Module, str], "str | None"
]  # a file outside the program that uses a name of a module, if there is one

# what a variable may hold that can be called
_CALLABLE = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.PARTIAL, Kind.INSTANCE, Kind.LIBRARY, Kind.MODEL})
_TRAINED = frozenset({Kind.MODEL, Kind.OPTIMIZER, Kind.LOADER, Kind.SCHEDULER, Kind.DEVICE})


class _TooDeep(Exception):
    """The Accelerator would be created further in than a call that passes it on."""

    def __init__(self, call: s.Call) -> None:
        super().__init__("INTERNAL ERROR: no place further out was tried")
        self.call = call


class AcceleratorScope:
    """Finds an Access for a set of sites."""

    def __init__(
        self, interpreter: Interpreter, editable: set[Module], users: ExternalUse = lambda module, name: None
    ) -> None:
        self.interpreter = interpreter
        self.editable = editable
        self.users = users
        self.site = AcceleratorSite(interpreter, editable)
        self.home = self.site.module_of
        self.placing: set[s.Node] = set()  # the scopes that want nothing of the Accelerator but its device

    @property
    def has_own(self) -> bool:
        """Whether the script makes an Accelerator itself."""
        return self.site.existing is not None

    def solve(
        self, sites: Iterable[s.Node], arguments: Sequence[Argument] = (), placing: Iterable[s.Node] = ()
    ) -> Access:
        """Find where to make the Accelerator so that it reaches every site.

        Args:    arguments: what it is made with; the variables that they read must be bound by then.
                 placing: the sites that need only its device.
        Raises:  Unreachable for a site that it cannot be brought to.
        """
        nodes = list(sites)
        self.placing = {scope_of(node) for node in placing} - {scope_of(x) for x in nodes if x not in set(placing)}
        # code that is never called does not affect where the Accelerator is created, but may read it as a global
        idle = [node for node in nodes if not self.site.is_reached(node)]
        while True:
            access = self.site.find([x for x in nodes if x not in idle] or nodes, arguments)
            scopes = list(dict.fromkeys(scope_of(node) for node in nodes))
            if access.is_guarded and any(map(self._is_imported, scopes)):
                access = self.site.above_guard(access, arguments) or access
            try:
                for scope in scopes:
                    self._reach(access, scope, ())
            except _TooDeep as problem:
                if problem.call in nodes:
                    raise Unreachable(
                        problem.call, "there is no place before all code that needs the Accelerator"
                    ) from None
                nodes.append(problem.call)
                continue
            late = [call for call in access.calls if call not in nodes and not self.site.is_made_before(access, call)]
            if access.exists or not late:
                return access
            nodes += late  # a call that passes it on needs it as well

    def expression(self, access: Access, node: s.Node) -> str:
        """Give the expression by which a node's code reaches the Accelerator, or an object on its device."""
        scope = scope_of(node)
        return access.expressions[scope] if scope in access.expressions else access.placed[scope]

    def is_at_hand(self, access: Access, node: s.Node) -> bool:
        """Whether code can use the Accelerator without further edits: it is in scope, and created before on every path."""
        scope = scope_of(node)
        if access.exists and self._has_parameter(scope, access.plain):
            access.expressions[scope] = access.plain
            return True
        if scope not in access.expressions:
            written = self._in_sight(access, scope) or self._on_self(access, scope) or self._around(access, scope)
            if written is None:
                return False
            access.expressions[scope] = written
        return self.site.is_made_before(access, node)

    def _around(self, access: Access, scope: Any) -> str | None:
        """How a nested function reads what the function around it has."""
        outer = scope_of(scope.block) if isinstance(scope, s.FunctionDef) and class_of(scope) is None else None
        written = access.expressions.get(outer) if isinstance(outer, s.FunctionDef) else None
        return written if written is None or written.partition(".")[0] not in scope.namespace.bound else None

    def _on_self(self, access: Access, scope: Any) -> str | None:
        """How a method reaches the Accelerator that its class's constructor keeps; None where it keeps none."""
        owner = class_of(scope)
        init = owner.methods().get("__init__") if owner is not None else None
        if owner is not None and access.exists and self._attribute(owner, access.plain):
            return f"{scope.params[0].name}.{access.plain}"
        if init is None or (init is not access.home and init not in access.threaded):
            return None
        return f"{scope.params[0].name}.{access.plain}" if "." in access.name or init in access.threaded else None

    # ------------------------------------------------------------ the ways there

    def _reach(self, access: Access, scope: s.Node, through: tuple[s.Node, ...]) -> None:
        """Bring the Accelerator into a scope.

        Raises:  Unreachable
        """
        if scope in access.expressions or scope in access.placed:
            return
        if access.exists and self._has_parameter(scope, access.plain):
            access.expressions[scope] = access.plain
            return
        written = (
            self._in_sight(access, scope)
            or self._on_parameter(access, scope)
            or self._enclosing(access, scope, through)
        )
        if written is not None:
            access.expressions[scope] = written
            return
        owner = class_of(scope)
        placed = placed_by_weights(self.interpreter, scope) if scope in self.placing else None
        if placed is not None:
            access.placed[scope] = placed
        elif owner is not None:
            self._through_instance(access, scope, owner, through)
        elif isinstance(scope, s.Root):
            raise Unreachable(scope, why_not_called(scope))
        else:
            self._through_parameter(access, scope, through)

    def _has_parameter(self, scope: s.Node, name: str) -> bool:
        return any(param.name == name for param in getattr(scope, "params", []))

    def _in_sight(self, access: Access, scope: Any) -> str | None:
        """The name, where a scope can read it: as a local variable, from the function around it, or as a global."""
        home = access.home
        if scope is home:
            return access.name
        if "." in access.name or scope_path(scope, home) is None:
            return None
        if access.is_guarded and (self._is_model(class_of(scope)) or self._is_imported(scope)):
            return None  # a module that imports it has no such global
        reads = self._reads_globals(scope) or not scope.params
        if not isinstance(home, s.Root) or reads or self._unthreadable(scope) is not None:
            return access.name
        nested = not isinstance(scope_of(scope.block), s.Root)
        return access.name if nested or class_of(scope) is not None else None

    def _is_imported(self, scope: s.Node) -> bool:
        """Whether code outside of the program uses a function that takes nothing of the training from its module."""
        if not isinstance(scope, s.FunctionDef) or self._reads_globals(scope):
            return False
        return any(self.users(module, name) is not None for module, name in self._known_as(scope))

    def _reads_globals(self, scope: Any) -> bool:
        """Whether a function takes objects of the training from the module."""
        for used, names in scope.namespace.names.items():
            owner = scope.namespace.resolve(used)
            if owner is not None and owner.kind == "module":
                if any(
                    x.kind in _TRAINED or x.prepared
                    for node in names
                    for x in self.interpreter.trace.values.get(node, ())
                ):
                    return True
        return False

    def _on_parameter(self, access: Access, scope: Any) -> str | None:
        """How a function reaches it through a parameter that always holds the object on which it is kept."""
        owner = access.home.block.owner if "." in access.name else None
        for param in getattr(scope, "params", []) if owner is not None else ():
            values = {
                x for frame in self.interpreter.trace.frames.get(scope, []) for x in frame.given.get(param.name, ())
            }
            if values and all(
                x.kind is Kind.INSTANCE and isinstance(x.data, Object) and x.data.site is owner for x in values
            ):
                return f"{param.name}.{access.plain}"
        return None

    def _enclosing(self, access: Access, scope: Any, through: tuple[s.Node, ...]) -> str | None:
        """What the function around a nested one calls it; None where there is none, or it cannot be brought there."""
        outer = scope_of(scope.block) if isinstance(scope, s.FunctionDef) else None
        if not isinstance(outer, s.FunctionDef) or class_of(scope) is not None:
            return None
        self._reach(access, outer, through)
        written = access.expressions[outer]
        return written if written.partition(".")[0] not in scope.namespace.bound else None

    def _through_instance(self, access: Access, scope: Any, owner: s.ClassDef, through: tuple[s.Node, ...]) -> None:
        """Store it on ``self``, passed to the constructor."""
        me, name = scope.params[0].name, access.plain
        if access.exists and any(x.kind is Kind.ACCELERATOR for x in self._attribute(owner, name)):
            access.expressions[scope] = f"{me}.{name}"
            return
        init = self._constructor(owner)
        if self._is_model(owner):
            text = (
                f"`{owner.name}` is a model and would need the Accelerator in its own code, which migrate does not pass to "
                "models; use the device of an input tensor, and move training code out of the model"
            )
            raise Unreachable(scope, text)
        if init is None:
            self._check_overriding(scope, owner)
            self._through_parameter(access, scope, through)
            return
        self._through_constructor(access, init, through)
        if scope is not init:
            access.expressions[scope] = f"{me}.{name}"

    def _through_constructor(self, access: Access, init: Any, through: tuple[s.Node, ...]) -> None:
        """Pass it to a constructor, which stores it."""
        if access.home is init or init in access.threaded:
            return
        name = access.plain
        self._through_parameter(access, init, through)
        index = after_docstring(init.body)
        line = f"{init.params[0].name}.{name} = {name}"
        insert = Insert(init.body, index, (line,), tight=True, rank=-1)
        access.keepers[init] = (self.home[init], init.body.statements[index], insert)

    def keep(self, access: Access) -> None:
        """Let those constructors store it whose methods read it from `self`, unless a base class does."""
        owners = {class_of(x) for x, text in access.expressions.items() if "." in text}
        wanted = {self._constructor(owner) for owner in owners if owner is not None}
        for init in [x for x in access.keepers if x in wanted]:
            for base in access.keepers:
                if base is not init and any(
                    self._begins_with(init, call) for call in self.interpreter.trace.calls.get(base, ())
                ):
                    wanted |= {base}
                    wanted -= {init}
        access.threads += [keeper for init, keeper in access.keepers.items() if init in wanted]

    def _begins_with(self, init: Any, call: Any) -> bool:
        """Whether a constructor calls another one before it does anything else."""
        return isinstance(call, s.Call) and scope_of(call) is init and call.statement.index < after_docstring(init.body)

    def _check_overriding(self, scope: Any, owner: s.ClassDef) -> None:
        """Check that no related class has a method of the same name that these calls may enter.

        Raises:  Unreachable
        """
        entered_too = {
            x
            for call in self.interpreter.trace.calls.get(scope, {})
            if isinstance(call, s.Call)
            for x in self._callees(call)
        }
        family = self._ancestry(owner)
        for item in self.interpreter.heap.those(Kind.CLASS):
            method = item.site.methods().get(scope.name)
            if method not in (None, scope, *entered_too) and family & self._ancestry(item.site):
                text = f"`{item.label}` also has a method `{scope.name}`, which the same calls may enter"
                raise Unreachable(scope, text)

    def _ancestry(self, owner: s.ClassDef) -> set[s.Node]:
        """A class and its local base classes."""
        found: set[Any] = {owner}
        for item in self.interpreter.heap.those(Kind.CLASS):
            if item.site is owner:
                for base in item.data[2]:
                    found.update(
                        *(self._ancestry(x.site) for x in base if x.kind is Kind.CLASS and x.site not in found)
                    )
        return found

    def _constructor(self, owner: s.ClassDef) -> Any:
        """The constructor of a class, which may be that of a base class; None where it has none."""
        classes = [x for x in self.interpreter.heap.those(Kind.CLASS) if x.site is owner]
        found = {entered(self.interpreter, x) for x in classes} or {owner.methods().get("__init__")}
        return found.pop() if len(found) == 1 else None

    def _attribute(self, owner: s.ClassDef, name: str) -> frozenset[Object]:
        """What ``self.name`` holds in the instances of a class."""
        made = [x for x in self.interpreter.heap.objects() if isinstance(x.data, Object) and x.data.site is owner]
        return frozenset(x for item in made for x in self.interpreter.variables.of(item).get(name, ()))

    def _is_model(self, owner: s.ClassDef | None) -> bool:
        made = [x for x in self.interpreter.heap.objects() if x.kind in (Kind.MODEL, Kind.DATASET)]
        return any(isinstance(x.data, Object) and x.data.site is owner for x in made)

    # ------------------------------------------------------------ parameters

    def _through_parameter(self, access: Access, scope: Any, through: tuple[Any, ...]) -> None:
        """Give a function one more parameter, and every call of it one more argument."""
        name = access.plain
        why = self._unthreadable(scope)
        if why is not None:
            raise Unreachable(scope, why)
        if name in scope.namespace.bound:
            raise Unreachable(scope, f"`{scope.name}` uses the name `{name}` for something else")
        access.expressions[scope] = name
        edit, by_position = new_parameter(self.home[scope], scope, name)
        access.threads.append((self.home[scope], scope, edit))
        access.threaded[scope] = (self.home[scope], f"Pass `{name}` to `{scope.name}`")
        for call in self.interpreter.trace.calls[scope]:
            assert isinstance(call, s.Call)  # a function that is called implicitly gets no parameter
            if call in access.calls:
                continue  # it enters another function, too, which was seen first
            caller = scope_of(call)
            if caller not in through:
                if self._is_further_out(access, caller):
                    raise _TooDeep(call)
                self._reach(access, caller, (*through, scope))
            others = self._callees(call) - {scope}
            counted = by_position and not others and not self._filled(call)
            module, written = self.home[scope_of(call)], access.expressions[caller]
            access.threads.append((module, call, new_argument(module, call, name, written, counted)))
            access.calls.append(call)
            for other in others:
                self._thread_alike(access, other, (*through, scope))

    def _is_further_out(self, access: Access, scope: s.Node) -> bool:
        """Whether a scope leads to where the Accelerator is made, and cannot see it."""
        frames = self.interpreter.trace.frames.get(access.home, [])
        if access.exists or scope is access.home or not any(scope is x.node for way in frames for x in way.chain()):
            return False
        seen = scope in access.expressions or scope in access.placed or self._in_sight(access, scope)
        return not (seen or self._on_parameter(access, scope))

    def _thread_alike(self, access: Access, scope: Any, through: tuple[s.Node, ...]) -> None:
        """Give the same parameter to a function that the same call may enter."""
        if scope in access.threaded:
            return
        owner = class_of(scope)
        if owner is not None and scope.name == "__init__":
            self._through_constructor(access, scope, through)
        else:
            self._through_parameter(access, scope, through)

    def _unthreadable(self, scope: Any) -> str | None:
        """Why a function cannot get another parameter."""
        log = self.interpreter.trace
        if scope in log.decorated:
            return f"`{scope.name}` is decorated with `{log.decorated[scope]}`, which may not accept another argument"
        if scope in log.unseen:
            return f"`{scope.name}` is passed as a value, so not all its callers are known"
        if self.home[scope] not in self.editable:
            path = self.home[scope].source.path
            return f"`{scope.name}` is defined in {path}, which is not among the given files (--follow adds it)"
        user = next(filter(None, (self.users(module, name) for module, name in self._known_as(scope))), None)
        if user is not None:
            return f"`{scope.name}` is also used by {user}, which is not part of this program"
        calls = log.calls.get(scope, {})
        if not calls:
            return f"`{scope.name}` is never called in the files that were read"
        unseen = self._unseen_call(scope)
        if unseen is not None:
            return f"`{scope.name}` is also called in {unseen}, which was not analysed"
        written = [call for call in calls if isinstance(call, s.Call)]
        if len(written) < len(calls):
            return f"`{scope.name}` is called implicitly"
        if any(self._may_enter_others(call) or len(self._filled(call)) > 1 for call in written):
            return f"`{scope.name}` is called through a variable that may also hold other functions"
        takes_all = any(param.kind == "**" for param in scope.params)
        if takes_all and any(arg.star == "**" for call in written for arg in call.args):
            return f"`{scope.name}` takes and is given `**` arguments, which may already contain that name"
        return None

    def _known_as(self, scope: s.FunctionDef) -> list[tuple[Module, str]]:
        """The names by which code elsewhere may call a function: of a constructor, those of all classes that have it."""
        owner = scope.block.owner
        if not isinstance(owner, s.ClassDef):
            return [(self.home[scope], scope.name)]
        heirs = [
            x
            for x in self.interpreter.heap.those(Kind.CLASS)
            if scope.name == "__init__" and entered(self.interpreter, x) is scope
        ]
        return list(dict.fromkeys([(self.home[scope], owner.name), *((x.data[1].module, x.label) for x in heirs)]))

    def _unseen_call(self, scope: s.FunctionDef) -> str | None:
        """Where a module of the program calls a function in code that was not analysed."""
        is_method = isinstance(scope.block.owner, s.ClassDef) and scope.name != "__init__"
        names = {scope.name} if is_method else {name for _, name in self._known_as(scope)}
        known = self.interpreter.trace.calls.get(scope, {})
        for module in self.interpreter.modules:
            for call in module.nodes(s.Call):
                if (
                    call not in known
                    and call not in self.interpreter.trace.values
                    and isinstance(call.func, s.Name)
                    and call.func.id in names
                ):
                    return f"{module.source.path}:{module.where(call)[0]}"
        return None

    def _callees(self, call: s.Call) -> set[s.Node]:
        """The local functions that a call may enter."""
        found = {entered(self.interpreter, x) for x in self.interpreter.trace.values.get(call.func, ())}
        return {x for x in found if isinstance(x, s.FunctionDef)}

    def _may_enter_others(self, call: s.Call) -> bool:
        """Whether a call may enter something else than local functions, one of which has the parameter."""
        made = [x for x in self.interpreter.trace.values.get(call.func, ()) if x.kind in _CALLABLE]
        if len(made) < 2 or all(x.kind is Kind.PARTIAL for x in made):
            return False
        return not all(isinstance(entered(self.interpreter, x), s.FunctionDef) for x in made)

    def _filled(self, call: s.Node) -> set[s.Node]:
        """The functions to which a call only binds arguments, as `functools.partial` does."""
        made = [x for x in self.interpreter.trace.values.get(call, ()) if x.kind is Kind.PARTIAL and x.site is call]
        return {callee.site for x in made for callee in x.data[0]}


def scope_path(scope: s.Node, home: s.Node) -> list[s.Node] | None:
    """Give the scopes from one out to another that encloses it; None where it does not."""
    found = [scope]
    while found[-1] is not home:
        if isinstance(found[-1], s.Root):
            return None
        found.append(scope_of(found[-1]))
    return found
