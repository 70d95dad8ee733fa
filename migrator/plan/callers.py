"""The known callers of a function, and why it cannot be given one more parameter."""

from __future__ import annotations

from collections.abc import Callable

from migrator.inference.function import entered
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind
from migrator.plan.accelerator_site import AcceleratorSite
from migrator.source import syntax as s
from migrator.source.module import Module

ExternalUse = Callable[
    [Module, str], "str | None"
]  # a file outside the program that uses a name of a module, if there is one

# what a variable may hold that can be called
_CALLABLE = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.PARTIAL, Kind.INSTANCE, Kind.LIBRARY, Kind.MODEL})


class Callers:
    """The calls of each function of a program, as far as they can be known."""

    def __init__(self, interpreter: Interpreter, site: AcceleratorSite, users: ExternalUse) -> None:
        self._interpreter = interpreter
        self._editable = site.editable
        self._users = users
        self._home = site.module_of

    def why_no_parameter(self, scope: s.FunctionDef) -> str | None:
        """Say why a function cannot be given another parameter; None where it can."""
        log = self._interpreter.trace
        if scope in log.decorated:
            return f"`{scope.name}` is decorated with `{log.decorated[scope]}`, which may not accept another argument"
        if scope in log.unseen:
            return f"`{scope.name}` is passed as a value, so not all its callers are known"
        if self._home[scope] not in self._editable:
            path = self._home[scope].source.path
            return f"`{scope.name}` is defined in {path}, which is not among the given files (--follow adds it)"
        user = self.user_outside(scope)
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
        if any(self._may_enter_others(call) or len(self.filled(call)) > 1 for call in written):
            return f"`{scope.name}` is called through a variable that may also hold other functions"
        takes_all = any(param.kind == "**" for param in scope.params)
        if takes_all and any(arg.star == "**" for call in written for arg in call.args):
            return f"`{scope.name}` takes and is given `**` arguments, which may already contain that name"
        return None

    def user_outside(self, scope: s.FunctionDef) -> str | None:
        """Give a file outside of the program that uses a function; None where there is none."""
        return next(filter(None, (self._users(module, name) for module, name in self._known_as(scope))), None)

    def _known_as(self, scope: s.FunctionDef) -> list[tuple[Module, str]]:
        """The names by which code elsewhere may call a function: of a constructor, those of all classes that have it."""
        owner = scope.block.owner
        if not isinstance(owner, s.ClassDef):
            return [(self._home[scope], scope.name)]
        heirs = [
            x
            for x in self._interpreter.heap.those(Kind.CLASS)
            if scope.name == "__init__" and entered(self._interpreter, x) is scope
        ]
        return list(dict.fromkeys([(self._home[scope], owner.name), *((x.data[1].module, x.label) for x in heirs)]))

    def _unseen_call(self, scope: s.FunctionDef) -> str | None:
        """Where a module of the program calls a function in code that was not analysed."""
        is_method = isinstance(scope.block.owner, s.ClassDef) and scope.name != "__init__"
        names = {scope.name} if is_method else {name for _, name in self._known_as(scope)}
        known = self._interpreter.trace.calls.get(scope, {})
        for module in self._interpreter.modules:
            for call in module.nodes(s.Call):
                if (
                    call not in known
                    and call not in self._interpreter.trace.values
                    and isinstance(call.func, s.Name)
                    and call.func.id in names
                ):
                    return f"{module.source.path}:{module.where(call)[0]}"
        return None

    def callees(self, call: s.Call) -> set[s.FunctionDef]:
        """Give the local functions that a call may enter."""
        found = {entered(self._interpreter, x) for x in self._interpreter.trace.values.get(call.func, ())}
        return {x for x in found if isinstance(x, s.FunctionDef)}

    def _may_enter_others(self, call: s.Call) -> bool:
        """Whether a call may enter something else than local functions, one of which has the parameter."""
        made = [x for x in self._interpreter.trace.values.get(call.func, ()) if x.kind in _CALLABLE]
        if len(made) < 2 or all(x.kind is Kind.PARTIAL for x in made):
            return False
        return not all(isinstance(entered(self._interpreter, x), s.FunctionDef) for x in made)

    def filled(self, call: s.Node) -> set[s.Node]:
        """Give the functions to which a call only binds arguments, as `functools.partial` does."""
        made = [x for x in self._interpreter.trace.values.get(call, ()) if x.kind is Kind.PARTIAL and x.site is call]
        return {callee.site for x in made for callee in x.data[0]}
