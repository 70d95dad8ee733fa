"""The catalogue: every rule once, in the order of their codes."""

from migrator.rules import (
    accumulation,
    backward,
    blockers,
    checkpoint,
    console,
    control,
    copies,
    cuda,
    data,
    device,
    device_name,
    download,
    dynamic,
    engine,
    file,
    folder,
    gradient,
    guarded_move,
    loaders,
    loading,
    metrics,
    move,
    optimizers,
    parallel,
    precision,
    prepare,
    processes,
    samples,
    scaffold,
    scaler,
    scheduler,
    seed,
    tensor_type,
    tracking,
    waiting,
    wrapper,
)  # fmt: skip
from migrator.rules.rule import DerivedRule, Rule

_FAMILIES = (
    scaffold, device, move, guarded_move, tensor_type, device_name, prepare, wrapper, loaders, optimizers, scheduler,
    copies, samples, backward, scaler, accumulation, precision, gradient, blockers, processes, checkpoint, loading, file,
    folder, waiting, download, metrics, console, seed, tracking, cuda, control, data, dynamic, engine, parallel,
)  # fmt: skip
CATALOGUE: tuple[Rule, ...] = tuple(
    sorted((rule() for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.code)
)
CHECKS: tuple[Rule, ...] = tuple(
    rule for rule in CATALOGUE if not isinstance(rule, DerivedRule)
)  # asked about a program
