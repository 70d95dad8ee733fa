"""Examples: gradients and parameters that the script changes directly."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, EPOCH, LOSS, SETUP, STEP
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

_MIXED = """
with torch.autocast("cuda"):
    extra = model(x).mean()
CLIP
"""
_STAGED = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
FREEZE
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
for epoch in range(10):
    STAGE
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
        optimizer.step()
"""


def _staged(freeze: str = "pass", stage: str = "pass") -> str:
    return _STAGED.replace("FREEZE", freeze).replace("STAGE", stage)


_OFF, _ON = "model.bias.requires_grad = False", "model.bias.requires_grad = True"

EXAMPLES = {
    "clip-norm": (
        Example(
            "beside mixed precision",
            _MIXED.replace("CLIP", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)"),
            reviews="MIG308",
            at="clip_grad_norm_",
            frame=STEP,
        ),
        Example(
            "the same, under another name",
            "from torch.nn.utils import clip_grad_norm_ as clip"
            + _MIXED.replace("CLIP", "clip(model.parameters(), 1.0)"),
            reviews="MIG308",
            at="clip(model",
            frame=STEP,
        ),
        Example("in full precision", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)", frame=STEP),
        Example("a number that is clipped", "shown = loss.clamp(max=1.0)", frame=BATCH),
    ),
    "clip-value": (
        Example(
            "beside mixed precision",
            _MIXED.replace("CLIP", "nn.utils.clip_grad_value_(model.parameters(), 1.0)"),
            reviews="MIG309",
            at="clip_grad_value_",
            frame=STEP,
        ),
        Example(
            "the same, under another name",
            "from torch.nn.utils import clip_grad_value_ as clip"
            + _MIXED.replace("CLIP", "clip(model.parameters(), 1.0)"),
            reviews="MIG309",
            at="clip(model",
            frame=STEP,
        ),
        Example("in full precision", "nn.utils.clip_grad_value_(model.parameters(), 1.0)", frame=STEP),
        Example("a number that is clipped", "shown = loss.clamp(max=1.0)", frame=BATCH),
    ),
    "grad-noise": (
        Example(
            "noise on gradients",
            "for p in model.parameters():\n    p.grad.add_(torch.randn_like(p))",
            reviews="MIG310",
            at="p.grad.add_",
            frame=STEP,
        ),
        Example(
            "noise on parameters, under another name",
            "import torch as t\nfor p in model.parameters():\n    p.data += t.randn(p.shape, device=device)",
            reviews="MIG310",
            at="p.data +=",
            frame=STEP,
        ),
        Example("gradients that are scaled", "for p in model.parameters():\n    p.grad.mul_(0.5)", frame=STEP),
        Example("gradients that are only read", "norm = sum(p.grad.norm() for p in model.parameters())", frame=STEP),
        Example("noise on a batch", "x = x + torch.randn_like(x)", frame=STEP),
    ),
    "sharded-optimizer": (
        Example(
            "an optimizer that shards its state",
            "from torch.distributed.optim import ZeroRedundancyOptimizer as Zero\n"
            "optimizer = Zero(model.parameters(), torch.optim.Adam)",
            reviews="MIG312",
            at="= Zero(",
            frame=SETUP,
        ),
        Example(
            "by its full name",
            "import torch.distributed.optim\n"
            "spare = torch.distributed.optim.ZeroRedundancyOptimizer(model.parameters(), torch.optim.Adam)",
            reviews="MIG312",
            at="spare =",
            frame=SETUP,
        ),
        Example("a plain optimizer", "spare = torch.optim.Adam(model.parameters())", frame=SETUP),
        Example(
            "a class of that name", "class ZeroRedundancyOptimizer:\n    pass\n\nZeroRedundancyOptimizer()", frame=SETUP
        ),
    ),
    "manual-gradients": (
        Example(
            "of parameters",
            "slopes = torch.autograd.grad(loss, model.parameters(), retain_graph=True)",
            reviews="MIG904",
            at="torch.autograd.grad",
            frame=BATCH,
        ),
        Example(
            "of a function of parameters, under another name",
            "from torch.func import functional_call as run\nshown = run(model, dict(model.named_parameters()), (x,))",
            reviews="MIG904",
            at="shown = run(",
            frame=BATCH,
        ),
        Example("of a batch, for a penalty", "slope = torch.autograd.grad(loss, x, create_graph=True)[0]", frame=BATCH),
        Example("a function called grad", "def grad(f):\n    return f\n\ngrad(len)", frame=SETUP),
        Example("a plain backward's gradients", "shown = [p.grad for p in model.parameters()]", frame=STEP),
    ),
    "second-order": (
        Example(
            "a graph of gradients",
            "loss.backward(create_graph=True)",
            reviews="MIG904",
            at="create_graph=True",
            frame=LOSS,
        ),
        Example(
            "by position",
            "loss.backward(None, True, True)",
            reviews="MIG904",
            at="loss.backward(",
            frame=LOSS,
        ),
        Example("a second loss of a kept graph", LOSS.around("loss.backward(retain_graph=True)")),
        Example("a plain backward", LOSS.around("loss.backward()")),
        Example(
            "a function with such a parameter",
            "def plot(create_graph):\n    pass\n\nplot(create_graph=True)",
            frame=SETUP,
        ),
    ),
    "late-parameters": (
        Example(
            "a layer that is unfrozen after some epochs",
            _staged(_OFF, f"if epoch == 5:\n        {_ON}"),
            reviews="MIG917",
            at=_ON,
        ),
        Example(
            "the whole model, by a method",
            _staged(
                "for p in model.parameters():\n    p.requires_grad_(False)",
                "if epoch == 5:\n        model.requires_grad_(True)",
            ),
            reviews="MIG917",
            at="model.requires_grad_(True)",
        ),
        Example("a layer that stays frozen", _staged(_OFF)),
        Example("a layer that is frozen after some epochs", _staged(stage=f"if epoch == 5:\n        {_OFF}")),
        Example("parameters that are frozen and unfrozen in the loop", _staged(stage=f"{_OFF}\n    {_ON}")),
        Example("a tensor that requires a gradient", "shift = torch.zeros(3)\nshift.requires_grad = True", frame=SETUP),
    ),
    "late-group": (
        Example(
            "a group in the training loop",
            'optimizer.add_param_group({"params": [torch.zeros(3, device=device, requires_grad=True)]})',
            reviews="MIG917",
            at="add_param_group",
            frame=EPOCH,
        ),
        Example(
            "after some epochs",
            _staged(
                stage='if epoch == 5:\n        optimizer.add_param_group({"params": nn.Linear(1, 1).parameters()})'
            ),
            reviews="MIG917",
            at="add_param_group",
        ),
        Example(
            "a group before `prepare`",
            _staged().replace("loader =", 'optimizer.add_param_group({"params": []})\nloader ='),
        ),
        Example("another learning rate", "for group in optimizer.param_groups:\n    group['lr'] = 0.1", frame=EPOCH),
        Example(
            "a method of that name",
            "class Menu:\n    def add_param_group(self, g):\n        pass\n\nMenu().add_param_group(1)",
            frame=SETUP,
        ),
    ),
    "parameter-write": (
        Example(
            "weights that are clipped",
            "for p in model.parameters():\n    p.data.clamp_(-0.01, 0.01)",
            reviews="MIG918",
            at="p.data.clamp_",
            frame=STEP,
        ),
        Example(
            "weights that are multiplied",
            "for p in model.parameters():\n    p.data = p.data * 0.99",
            reviews="MIG918",
            at="p.data = ",
            frame=STEP,
        ),
        Example("weights that are only read", "for p in model.parameters():\n    shown = p.data.norm()", frame=STEP),
        Example("weights before the training", "for p in model.parameters():\n    p.data.clamp_(-1, 1)", frame=SETUP),
        Example("a tensor that is clipped", "loss.detach().clamp_(0, 1)", frame=STEP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "manual-step": (
        Example(
            "a step of gradient descent",
            "for p in model.parameters():\n    p.data.add_(p.grad, alpha=-0.1)",
            reviews="MIG918",
            at="for p in",
            frame=STEP,
        ),
        Example(
            "the same, as an assignment",
            "for p in model.parameters():\n    p.data = p.data - 0.1 * p.grad",
            reviews="MIG918",
            at="for p in",
            frame=STEP,
        ),
        Example("gradients that are clipped", "for p in model.parameters():\n    p.grad.clamp_(-1, 1)", frame=STEP),
        Example("gradients that are only read", "for p in model.parameters():\n    shown = p.grad.norm()", frame=STEP),
    ),
}
