"""Training on several processes, each with a replica of every model."""

from __future__ import annotations

import warnings
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from runtime.backend.lost import names_the_lost
from runtime.backend.reduction import drop_neutral, neutral_gradient
from runtime.backend.replica import Replica
from runtime.backend.single import Single
from runtime.errors import DistributedOperationException, SettingsError
from runtime.world import World

_OPERATIONS = {"sum": dist.ReduceOp.SUM, "max": dist.ReduceOp.MAX}


class Replicated(Single):
    """Data parallelism over the default process group."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._replicas: list[weakref.ref[Replica]] = []  # in the order of preparation, equal on every process
        self._frozen: list[nn.Parameter] = []  # when they were prepared: unknown to torch's reducers
        self._foreign: list[DistributedDataParallel] = []
        self._unchecked: list[torch.optim.Optimizer] = []

    @names_the_lost
    def barrier(self) -> None:
        """Wait until every process has come here.

        Raises:  DistributedOperationException if another process calls another collective (not on GPUs).
        """
        if self.world.transport == "nccl":  # without the device it guesses one by the global rank, and may hang
            dist.barrier(device_ids=[self.world.device.index])
        else:  # waits as well as a barrier does
            self._compare("wait_for_everyone", ())

    def check(self, operation: str, shapes: Sequence[Any]) -> None:
        """Before a collective, make sure that every process calls the same one with tensors of the same shapes.

        Gloo ends the whole process on unequal sizes, so there it is always done, at the price of eight bytes from each
        process. On GPUs the answer would have to be waited for, so it is done in debug mode alone.

        Raises:  DistributedOperationException if they do not (names what each came with).
        """
        if self.debug or self.world.transport != "nccl":
            self._compare(operation, shapes)

    @names_the_lost
    def _compare(self, operation: str, shapes: Sequence[Any]) -> None:
        own = torch.tensor([zlib.crc32(repr((operation, list(shapes))).encode())], device=self.world.exchange_device)
        told = [torch.empty_like(own) for _ in range(self.world.size)]
        dist.all_gather(told, own)
        if any(other != told[0] for other in told):
            raise DistributedOperationException.of(self.gather_objects((operation, list(shapes))))

    @names_the_lost
    def all_gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """Concatenate the tensors of all processes along dim 0, in rank order; 0-d ones as rows of one."""
        sent = tensor.detach().to(self.world.exchange_device)
        sent = (sent[None] if sent.ndim == 0 else sent).contiguous()
        if self.world.transport == "nccl":  # into one piece of memory, which gloo cannot
            whole = sent.new_empty((self.world.size * len(sent), *sent.shape[1:]))
            dist.all_gather_into_tensor(whole, sent)
            return whole.to(tensor.device)
        received = [torch.empty_like(sent) for _ in range(self.world.size)]
        dist.all_gather(received, sent)
        return torch.cat(received).to(tensor.device)

    @names_the_lost
    def all_reduce(self, tensor: torch.Tensor, operation: str) -> torch.Tensor:
        """Combine the tensors of all processes by ``"sum"`` or ``"max"`` into a new one."""
        result = tensor.detach().to(self.world.exchange_device, copy=True).contiguous()
        dist.all_reduce(result, _OPERATIONS[operation])
        return result.to(tensor.device)

    @names_the_lost
    def broadcast(self, tensor: torch.Tensor, source: int = 0) -> torch.Tensor:
        """Return the tensor of process ``source``; shapes and types are equal everywhere."""
        result = tensor.detach().to(self.world.exchange_device, copy=True).contiguous()
        dist.broadcast(result, source)
        return result.to(tensor.device)

    @names_the_lost
    def gather_objects(self, value: Any) -> list[Any]:
        """List the values of all processes, in rank order."""
        values: list[Any] = [None] * self.world.size
        dist.all_gather_object(values, value)
        return values

    @names_the_lost
    def broadcast_object(self, value: Any, source: int = 0) -> Any:
        """Return the value of process ``source``."""
        box = [value]
        dist.broadcast_object_list(box, source)
        return box[0]

    @names_the_lost
    def prepare_model(self, model: nn.Module, options: Mapping[str, Any]) -> nn.Module:
        """Make a model whose gradients are averaged; one without trainable parameters stays as it is.

        Args:    options: arguments of DistributedDataParallel.
        Raises:  SettingsError on a DataParallel, which would spread every process over all GPUs.
        """
        if isinstance(model, DataParallel):
            raise SettingsError(
                f"`prepare` got a DataParallel on {self.world.size} processes. Pass the model that it wraps: "
                "`prepare` makes one replica for each process."
            )
        if isinstance(model, DistributedDataParallel):
            self._keep_foreign(model)
            return model
        for replica in self._live_replicas():
            if replica.module is model:  # by another Accelerator; two reducers would average twice
                return replica
        self._frozen += [parameter for parameter in model.parameters() if not parameter.requires_grad]
        if not any(parameter.requires_grad for parameter in model.parameters()):
            return model
        replica = Replica(model, device_ids=self._device_ids(model), **options)
        self._replicas.append(weakref.ref(replica))
        return replica

    def _keep_foreign(self, model: DistributedDataParallel) -> None:
        if not isinstance(model, Replica):
            warnings.warn(
                "`prepare` got a model that is already wrapped in DistributedDataParallel, and does not wrap it again. "
                "Pass the plain model: then a loss may also leave parameters unused.",
                stacklevel=5,
            )
            self._foreign.append(model)

    def _device_ids(self, model: nn.Module) -> list[int | None] | None:
        """Tell DistributedDataParallel the GPU, unless the model was left on several devices."""
        placed = {parameter.device for parameter in model.parameters()}
        return [self.world.device.index] if placed == {self.world.device} and self.world.device.type == "cuda" else None

    def watch_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Take note of what an optimizer will update, and have it refuse gradients that were never averaged."""
        self._unchecked.append(optimizer)
        optimizer.register_step_pre_hook(self._refuse_local)

    def _refuse_local(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """Before a step, find gradients of a backward that neither torch nor the Accelerator has seen.

        Raises:  RuntimeError if there are.
        """
        local = {id(parameter) for replica in self._live_replicas() for parameter in replica._reduction.stays_local()}
        if local and any(id(parameter) in local for group in optimizer.param_groups for parameter in group["params"]):
            raise RuntimeError(
                "`loss.backward()` computed gradients past the prepared model's forward, by another method or the "
                "module inside, so they are those of one process. Write `accelerator.backward(loss)`, which averages "
                "them whatever computed the loss."
            )

    @names_the_lost
    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        """Compute gradients, averaged over the processes; ``kwargs`` are those of ``Tensor.backward``.

        Parameters that this loss reaches on no process keep their gradient, None included.
        """
        replicas = self._live_replicas()
        if self._unchecked:
            self._check_optimizers(replicas)
        for replica in replicas:
            replica._expect_backward()
        loss.backward(**kwargs)
        for replica in replicas:
            replica._settle_backward()
        if self._frozen:
            self._average_thawed()

    def _live_replicas(self) -> list[Replica]:
        return [replica for reference in self._replicas if (replica := reference()) is not None]

    def _average_thawed(self) -> None:
        """Average the gradients of parameters that were frozen when prepared and train now."""
        thawed = [parameter for parameter in self._frozen if parameter.requires_grad]
        for parameter in thawed:
            gradient = neutral_gradient(parameter) if parameter.grad is None else parameter.grad.to_dense()
            # An average of averages is the same average, so a gradient may pass here twice.
            parameter.grad = self.all_reduce(gradient / self.world.size, "sum")
        drop_neutral(thawed)

    def _check_optimizers(self, replicas: Sequence[Replica]) -> None:
        models: list[nn.Module] = [*replicas, *self._foreign]
        known = {id(parameter) for model in models for parameter in model.parameters()} | set(map(id, self._frozen))
        for optimizer in self._unchecked:
            updated = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            strangers = [one for one in updated if one.requires_grad and id(one) not in known]
            if strangers:
                warnings.warn(
                    f"`{type(optimizer).__name__}` updates {len(strangers)} tensors that belong to no prepared model "
                    f"(the first of shape {tuple(strangers[0].shape)}): each of the {self.world.size} processes trains "
                    "another copy, and the copies diverge. Pass the model that holds them to `prepare`.",
                    stacklevel=4,
                )
        self._unchecked.clear()

    @contextmanager
    def no_sync(self, models: Sequence[nn.Module]) -> Iterator[None]:
        """Keep the gradients of ``models`` local inside the context."""
        with ExitStack() as stack:
            for model in models:
                if isinstance(model, DistributedDataParallel):
                    stack.enter_context(model.no_sync())
            yield

    def join(
        self, joinables: Sequence[Any], loaders: Sequence[Any], even_batches: bool, override: bool | None
    ) -> AbstractContextManager[None]:
        """Let a process whose batches are used up take part in the others' averages."""
        from runtime.uneven import join_uneven_inputs

        return join_uneven_inputs(joinables, loaders, even_batches, override)

    def forget(self) -> None:
        """Let go of everything that was prepared."""
        self._replicas.clear()
        self._frozen.clear()
        self._foreign.clear()
        self._unchecked.clear()
