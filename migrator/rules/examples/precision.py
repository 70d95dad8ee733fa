"""Examples: reduced precision without `autocast`."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP, STEP
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "half": (
        Example("float16", "model = nn.Linear(4, 1).half()", reviews="MIG305", at=".half()", frame=MODEL),
        Example(
            "bfloat16, on a separate line",
            "model = nn.Linear(4, 1)\nmodel.bfloat16()",
            reviews="MIG305",
            at="model.bfloat16()",
            frame=MODEL,
        ),
        Example("a tensor", "shown = x.half()", frame=STEP),
        Example("a network that is only evaluated", "teacher = nn.Linear(4, 1).to(device).half().eval()", frame=SETUP),
        Example("a number that is halved", "def half(n):\n    return n / 2\n\nhalf(4)", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "apex": (
        Example(
            "apex",
            "from apex import amp\nmodel, optimizer = amp.initialize(model, optimizer)",
            reviews="MIG906",
            at="amp.initialize",
            frame=SETUP,
        ),
        Example(
            "the same, by its full name",
            "import apex\nwith apex.amp.scale_loss(loss, optimizer) as scaled:\n    shown = scaled",
            reviews="MIG906",
            at="scale_loss",
            frame=STEP,
        ),
        Example("another amp", "class amp:\n    level = 3\n\namp.level", frame=SETUP),
        Example("a variable of that name", "apex = max([1, 2])", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
}
