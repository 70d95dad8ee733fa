"""How code reaches the Accelerator: as a variable in scope, on ``self``, or through parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migrator.inference.function import entered
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object
from migrator.plan.accelerator_site import AcceleratorSite, Access, Unreachable, why_not_called
from migrator.plan.callers import Callers, ExternalUse
from migrator.plan.signature import new_argument, new_parameter
from migrator.rules.change import Argument
from migrator.source import syntax as s
from migrator.source.block import Insert
from migrator.source.module import Module
from migrator.training.own_device import placed_by_weights
from migrator.training.position import CodeScope, after_docstring, class_of, scope_of

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
        self.site = AcceleratorSite(interpreter, editable)
        self.home = self.site.module_of
        self.callers = Callers(interpreter, self.site, users)
        self.placing: set[CodeScope] = set()  # the scopes that want nothing of the Accelerator but its device

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

    def _around(self, access: Access, scope: CodeScope) -> str | None:
        """How a nested function reads what the function around it has."""
        outer = scope_of(scope.block) if isinstance(scope, s.FunctionDef) and class_of(scope) is None else None
        written = access.expressions.get(outer) if isinstance(outer, s.FunctionDef) else None
        return written if written is None or written.partition(".")[0] not in scope.namespace.bound else None

    def _on_self(self, access: Access, scope: CodeScope) -> str | None:
        """How a method reaches the Accelerator that its class's constructor keeps; None where it keeps none."""
        owner = class_of(scope)
        init = owner.methods().get("__init__") if owner is not None else None
        if not isinstance(scope, s.FunctionDef):
            return None
        if owner is not None and access.exists and self._attribute(owner, access.plain):
            return f"{scope.params[0].name}.{access.plain}"
        if init is None or (init is not access.home and init not in access.threaded):
            return None
        return f"{scope.params[0].name}.{access.plain}" if "." in access.name or init in access.threaded else None

    # ------------------------------------------------------------ the ways there

    def _reach(self, access: Access, scope: CodeScope, through: tuple[s.Node, ...]) -> None:
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
        elif isinstance(scope, s.Root):
            raise Unreachable(scope, why_not_called(scope))
        elif owner is not None:
            self._through_instance(access, scope, owner, through)
        else:
            self._through_parameter(access, scope, through)

    def _has_parameter(self, scope: CodeScope, name: str) -> bool:
        return isinstance(scope, s.FunctionDef) and any(param.name == name for param in scope.params)

    def _in_sight(self, access: Access, scope: CodeScope) -> str | None:
        """The name, where a scope can read it: as a local variable, from the function around it, or as a global."""
        home = access.home
        if scope is home:
            return access.name
        if "." in access.name or scope_path(scope, home) is None:
            return None
        if access.is_guarded and (self._is_model(class_of(scope)) or self._is_imported(scope)):
            return None  # a module that imports it has no such global
        assert isinstance(scope, s.FunctionDef)  # no module is inside of another scope
        reads = self._reads_globals(scope) or not scope.params
        if not isinstance(home, s.Root) or reads or self.callers.why_no_parameter(scope) is not None:
            return access.name
        nested = not isinstance(scope_of(scope.block), s.Root)
        return access.name if nested or class_of(scope) is not None else None

    def _is_imported(self, scope: CodeScope) -> bool:
        """Whether code outside of the program uses a function that takes nothing of the training from its module."""
        if not isinstance(scope, s.FunctionDef) or self._reads_globals(scope):
            return False
        return self.callers.user_outside(scope) is not None

    def _reads_globals(self, scope: s.FunctionDef) -> bool:
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

    def _on_parameter(self, access: Access, scope: CodeScope) -> str | None:
        """How a function reaches it through a parameter that always holds the object on which it is kept."""
        home = access.home
        if "." not in access.name or not isinstance(home, s.FunctionDef) or not isinstance(scope, s.FunctionDef):
            return None
        owner = home.block.owner
        for param in scope.params:
            values = {
                x for frame in self.interpreter.trace.frames.get(scope, []) for x in frame.given.get(param.name, ())
            }
            if values and all(
                x.kind is Kind.INSTANCE and isinstance(x.data, Object) and x.data.site is owner for x in values
            ):
                return f"{param.name}.{access.plain}"
        return None

    def _enclosing(self, access: Access, scope: CodeScope, through: tuple[s.Node, ...]) -> str | None:
        """What the function around a nested one calls it; None where there is none, or it cannot be brought there."""
        outer = scope_of(scope.block) if isinstance(scope, s.FunctionDef) else None
        if not isinstance(outer, s.FunctionDef) or class_of(scope) is not None:
            return None
        self._reach(access, outer, through)
        written = access.expressions[outer]
        return written if written.partition(".")[0] not in scope.namespace.bound else None

    def _through_instance(
        self, access: Access, scope: s.FunctionDef, owner: s.ClassDef, through: tuple[s.Node, ...]
    ) -> None:
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

    def _through_constructor(self, access: Access, init: s.FunctionDef, through: tuple[s.Node, ...]) -> None:
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
        wanted: set[s.Node | None] = {self._constructor(owner) for owner in owners if owner is not None}
        for init in [x for x in access.keepers if x in wanted]:
            for base in access.keepers:
                if base is not init and any(
                    self._begins_with(init, call) for call in self.interpreter.trace.calls.get(base, ())
                ):
                    wanted |= {base}
                    wanted -= {init}
        access.threads += [keeper for init, keeper in access.keepers.items() if init in wanted]

    def _begins_with(self, init: s.Node, call: s.Node) -> bool:
        """Whether a constructor calls another one before it does anything else."""
        return isinstance(call, s.Call) and scope_of(call) is init and call.statement.index < after_docstring(init.body)

    def _check_overriding(self, scope: s.FunctionDef, owner: s.ClassDef) -> None:
        """Check that no related class has a method of the same name that these calls may enter.

        Raises:  Unreachable
        """
        entered_too = {
            x
            for call in self.interpreter.trace.calls.get(scope, {})
            if isinstance(call, s.Call)
            for x in self.callers.callees(call)
        }
        family = self._ancestry(owner)
        for item in self.interpreter.heap.those(Kind.CLASS):
            method = item.site.methods().get(scope.name)
            if method not in (None, scope, *entered_too) and family & self._ancestry(item.site):
                text = f"`{item.label}` also has a method `{scope.name}`, which the same calls may enter"
                raise Unreachable(scope, text)

    def _ancestry(self, owner: s.ClassDef) -> set[s.ClassDef]:
        """A class and its local base classes."""
        found = {owner}
        for item in self.interpreter.heap.those(Kind.CLASS):
            if item.site is owner:
                for base in item.data[2]:
                    found.update(
                        *(self._ancestry(x.site) for x in base if x.kind is Kind.CLASS and x.site not in found)
                    )
        return found

    def _constructor(self, owner: s.ClassDef) -> s.FunctionDef | None:
        """The constructor of a class, which may be that of a base class; None where it has none."""
        classes = [x for x in self.interpreter.heap.those(Kind.CLASS) if x.site is owner]
        found = {entered(self.interpreter, x) for x in classes} or {owner.methods().get("__init__")}
        init = found.pop() if len(found) == 1 else None
        return init if isinstance(init, s.FunctionDef) else None

    def _attribute(self, owner: s.ClassDef, name: str) -> frozenset[Object]:
        """What ``self.name`` holds in the instances of a class."""
        made = [x for x in self.interpreter.heap.objects() if isinstance(x.data, Object) and x.data.site is owner]
        return frozenset(x for item in made for x in self.interpreter.variables.of(item).get(name, ()))

    def _is_model(self, owner: s.ClassDef | None) -> bool:
        made = [x for x in self.interpreter.heap.objects() if x.kind in (Kind.MODEL, Kind.DATASET)]
        return any(isinstance(x.data, Object) and x.data.site is owner for x in made)

    # ------------------------------------------------------------ parameters

    def _through_parameter(self, access: Access, scope: s.FunctionDef, through: tuple[s.Node, ...]) -> None:
        """Give a function one more parameter, and every call of it one more argument."""
        name = access.plain
        why = self.callers.why_no_parameter(scope)
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
            others = self.callers.callees(call) - {scope}
            counted = by_position and not others and not self.callers.filled(call)
            module, written = self.home[scope_of(call)], access.expressions[caller]
            access.threads.append((module, call, new_argument(module, call, name, written, counted)))
            access.calls.append(call)
            for other in others:
                self._thread_alike(access, other, (*through, scope))

    def _is_further_out(self, access: Access, scope: CodeScope) -> bool:
        """Whether a scope leads to where the Accelerator is made, and cannot see it."""
        frames = self.interpreter.trace.frames.get(access.home, [])
        if access.exists or scope is access.home or not any(scope is x.node for way in frames for x in way.chain()):
            return False
        seen = scope in access.expressions or scope in access.placed or self._in_sight(access, scope)
        return not (seen or self._on_parameter(access, scope))

    def _thread_alike(self, access: Access, scope: s.FunctionDef, through: tuple[s.Node, ...]) -> None:
        """Give the same parameter to a function that the same call may enter."""
        if scope in access.threaded:
            return
        owner = class_of(scope)
        if owner is not None and scope.name == "__init__":
            self._through_constructor(access, scope, through)
        else:
            self._through_parameter(access, scope, through)


def scope_path(scope: CodeScope, home: CodeScope) -> list[CodeScope] | None:
    """Give the scopes from one out to another that encloses it; None where it does not."""
    found = [scope]
    while found[-1] is not home:
        if isinstance(found[-1], s.Root):
            return None
        found.append(scope_of(found[-1]))
    return found
