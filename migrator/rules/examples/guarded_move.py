"""Examples: moves under an `if`."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP, STEP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "if-cuda-block": (
        Example(
            "an `if` around a move",
            """
            noise = torch.randn(8, 4)
            if torch.cuda.is_available():
                noise = noise.cuda()
            """,
            """
            noise = torch.randn(8, 4)
            noise = noise.to(accelerator.device)
            """,
            frame=STEP,
        ),
        Example(
            "an `if` whose moves are all removed",
            """
            model = nn.Linear(4, 1)
            if torch.cuda.is_available():
                model.cuda()
            """,
            "model = nn.Linear(4, 1)",
            frame=MODEL,
        ),
        Example(
            "an `if` that does something else as well",
            "if torch.cuda.is_available():\n    torch.backends.cudnn.benchmark = True",
            frame=SETUP,
        ),
        Example(
            "an `if` that asks about something else",
            """
            if len(dataset) > 100:
                noise = torch.randn(8, 4)
            """,
            frame=SETUP,
        ),
        Example(
            "an `if` around a seed",
            """
            if torch.cuda.is_available():
                torch.cuda.manual_seed(1)
            """,
            frame=SETUP,
        ),
        Example("a script that uses no GPU", INFERENCE.replace("cuda", "cpu")),
    ),
}
