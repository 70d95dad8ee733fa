"""From a prepared model back to the user's own."""

from __future__ import annotations

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel


def unwrap_model(model: nn.Module, keep_fp32_wrapper: bool = True, keep_torch_compile: bool = True) -> nn.Module:
    """Return the module that was passed to `prepare`, from under every wrapper.

    Args:    keep_fp32_wrapper: leave a half-precision forward as it is; False restores the original.
             keep_torch_compile: stop at a compiled module; False goes on to what was compiled.
    """
    compiled = None
    while True:
        if isinstance(model, (DistributedDataParallel, DataParallel)):
            model = model.module
        elif "_orig_mod" in model._modules:
            compiled, model = model, model._orig_mod  # type: ignore[assignment]
        else:
            break
    if not keep_fp32_wrapper and "_original_forward" in model.__dict__:
        model.__dict__.pop("forward", None)
        original = model.__dict__.pop("_original_forward")
        if getattr(original, "__func__", None) is not type(model).forward:  # the user's own patch
            model.forward = original
    return model if compiled is None or not keep_torch_compile else _compiled_alike(model, compiled)


def _compiled_alike(model: nn.Module, compiled: nn.Module) -> nn.Module:
    """Return the compiled form of ``model``: ``compiled`` itself, or where that compiles a wrapper of it, another."""
    return compiled if compiled._orig_mod is model else type(compiled)(model, compiled.dynamo_ctx)  # type: ignore[call-arg]


def extract_model_from_parallel(
    model: nn.Module, keep_fp32_wrapper: bool = True, keep_torch_compile: bool = True, recursive: bool = False
) -> nn.Module:
    """Return the module that was passed to `prepare`, from under every wrapper; see `unwrap_model`.

    Args:    recursive: unwrap submodules too, in place.
    """
    if recursive:
        for name, child in list(model.named_children()):
            setattr(model, name, extract_model_from_parallel(child, keep_fp32_wrapper, keep_torch_compile, recursive))
    return unwrap_model(model, keep_fp32_wrapper, keep_torch_compile)
