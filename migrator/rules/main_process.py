"""Which code runs on the main process only."""

from __future__ import annotations

from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.training.position import scope_of
from migrator.training.training import Training


def is_guarded(training: Training, code: s.Node) -> bool:
    """Whether code already runs on the main process only."""
    node: s.Node | None = code
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        owner = parent.owner if isinstance(parent, s.Block) else None
        if isinstance(owner, s.If) and owner.body is parent:
            for part in owner.test.walk():
                if isinstance(part, s.Attribute) and part.name in ("is_main_process", "is_local_main_process"):
                    return True
                if isinstance(part, s.Compare) and any(x.kind is Kind.RANK for x in training.value(part.left)):
                    return True
        node = parent
    return False


def is_guarded_on_every_way(training: Training, node: s.Node) -> bool:
    """Whether code runs, or is called, on the main process only."""
    frames = training.before.trace.frames.get(scope_of(node), [])
    calls = [[frame.call for frame in way.chain() if frame.call is not None] for way in frames]
    return is_guarded(training, node) or (
        bool(calls) and all(any(is_guarded(training, call) for call in way) for way in calls)
    )


def takes_part(training: Training, call: s.Node) -> bool:
    """Whether the program executes a call, in its training or before it."""
    return training.is_involved(call) or training.is_run(call)
