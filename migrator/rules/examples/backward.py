"""Examples: back-propagation."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, LOSS, SETUP, TRAINER
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "backward": (
        Example("a loss", "loss.backward()", "accelerator.backward(loss)", frame=LOSS),
        Example(
            "a sum of two losses",
            "(loss + 0.1 * x.sum()).backward()",
            "accelerator.backward(loss + 0.1 * x.sum())",
            frame=LOSS,
        ),
        Example(
            "positional arguments get their names",
            "loss.backward(None, True)  # keep the graph",
            "accelerator.backward(loss, gradient=None, retain_graph=True)  # keep the graph",
            frame=LOSS,
        ),
        Example(
            "two losses, one after the other",
            "loss.backward(retain_graph=True)\nmodel(x).sum().backward()",
            "accelerator.backward(loss, retain_graph=True)\naccelerator.backward(model(x).sum())",
            frame=LOSS,
        ),
        Example(
            "a second loss in a method, where the Accelerator is an attribute",
            "self.model(x).sum().backward()",
            "self.accelerator.backward(self.model(x).sum())",
            frame=TRAINER,
        ),
        Example(
            "a local class with a method `backward`",
            """
            class Tape:
                def backward(self, steps):
                    return steps - 1

            Tape().backward(3)
            """,
            frame=SETUP,
        ),
        Example(
            "the backward of an autograd function",
            """
            class Double(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    return 2 * x

                @staticmethod
                def backward(ctx, grad):
                    return 2 * grad
            """,
            frame=SETUP,
        ),
        Example("a string that mentions it", 'usage = "then call loss.backward()"', frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
        Example("a script without training", INFERENCE),
    ),
    "autograd-grad": (
        Example(
            "a gradient penalty",
            "slope = torch.autograd.grad(loss, x, create_graph=True)[0]\nloss = loss + slope.norm()",
            reviews="MIG302",
            at="torch.autograd.grad(",
            frame=BATCH,
        ),
        Example(
            "the same, under another name",
            "from torch.autograd import grad as gradient_of\nslope = gradient_of(loss, x, create_graph=True)[0]",
            reviews="MIG302",
            at="gradient_of(loss",
            frame=BATCH,
        ),
        Example(
            "a local function called grad",
            "def grad(a, b):\n    return a - b\n\ngrad(1, 2)",
            frame=SETUP,
        ),
        Example("a block under `no_grad`", "with torch.no_grad():\n    norm = loss.abs()", frame=BATCH),
        Example("a tensor that requires a gradient", "shift = torch.zeros(4, requires_grad=True)", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "autograd-backward": (
        Example(
            "a backward of several tensors at once",
            "torch.autograd.backward([loss, x.sum()])",
            reviews="MIG302",
            at="torch.autograd.backward(",
            frame=LOSS,
        ),
        Example(
            "the same, under another name",
            "from torch.autograd import backward as propagate\npropagate(loss)",
            reviews="MIG302",
            at="propagate(loss)",
            frame=LOSS,
        ),
        Example("a backward of a tensor", BATCH.around("")),
        Example("a local function called backward", "def backward(a):\n    return -a\n\nbackward(1)", frame=SETUP),
        Example("a script without training", INFERENCE),
    ),
    "second-backward": (
        Example(
            "a second loss of a kept graph",
            "out = model(x)\nout.mean().backward(retain_graph=True)\noptimizer.zero_grad()\nloss.backward()\n(out ** 2).mean().backward()",
            reviews="MIG313",
            at="(out ** 2).mean().backward()",
            frame=LOSS,
        ),
        Example(
            "two forward passes, then two backwards",
            "other = model(-x).mean()\nloss.backward()\nother.backward()",
            reviews="MIG313",
            at="other.backward()",
            frame=LOSS,
        ),
        Example("a forward pass without a backward", "other = model(-x).mean()", frame=BATCH),
        Example("two losses, added up", "loss = loss + model(-x).mean()", frame=BATCH),
        Example("a script that already uses the Accelerator", MIGRATED),
        Example("a script without training", INFERENCE),
    ),
}
