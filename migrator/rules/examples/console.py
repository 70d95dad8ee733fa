"""Examples: console output."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, SETUP, STEP, TRAINER
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "print": (
        Example("a line for each epoch", 'print("epoch", epoch)', 'accelerator.print("epoch", epoch)', frame=EPOCH),
        Example(
            "in a trainer",
            "print(loss.item(), flush=True)",
            "self.accelerator.print(loss.item(), flush=True)",
            frame=TRAINER,
        ),
        Example(
            "a line with a comment",
            'print(f"loss {total:.3f}")  # every epoch',
            'accelerator.print(f"loss {total:.3f}")  # every epoch',
            frame=EPOCH,
        ),
        Example(
            "a line written to the console",
            """
            import sys
            sys.stdout.write("\\rloss %.3f" % total)
            sys.stdout.flush()
            """,
            """
            import sys
            if accelerator.is_local_main_process:
                sys.stdout.write("\\rloss %.3f" % total)
                sys.stdout.flush()
            """,
            frame=EPOCH,
        ),
        Example(
            "a variable that holds `print`",
            "show = print\nshow(total)",
            reviews="MIG702",
            at="show(total)",
            frame=EPOCH,
        ),
        Example(
            "before there is an Accelerator",
            """
            def show(what):
                print(what)

            show("ready")
            """,
            reviews="MIG702",
            at="print(what)",
            frame=SETUP,
        ),
        Example("a function that is never called", "def show(what):\n    print(what)", frame=SETUP),
        Example("a print to another stream", 'import sys\nsys.stderr.write("loss %.3f" % total)', frame=EPOCH),
        Example("a line that goes to a file", "import sys\nprint(total, file=sys.stderr)", frame=EPOCH),
        Example("a function of that name", "from report import print as show\nshow(total)", frame=EPOCH),
        Example(
            "code that belongs to a model",
            """
            class Loud(nn.Module):
                def forward(self, x):
                    print(x.shape)
                    return x

            loud = Loud()
            """,
            frame=SETUP,
        ),
        Example("a script without training", INFERENCE),
    ),
    "progress-bar": (
        Example(
            "a bar for a range",
            "from tqdm import tqdm\nfor k in tqdm(range(3)):\n    total += k",
            "from tqdm import tqdm\nfor k in tqdm(range(3), disable=not accelerator.is_local_main_process):\n    total += k",
            frame=EPOCH,
        ),
        Example(
            "under another name, with a title",
            'import tqdm as bars\nfor k in bars.trange(3, desc="extra"):\n    total += k',
            'import tqdm as bars\nfor k in bars.trange(3, desc="extra", disable=not accelerator.is_local_main_process):\n    total += k',
            frame=EPOCH,
        ),
        Example(
            "a bar that already has `disable`",
            "from tqdm import tqdm\nfor k in tqdm(range(3), disable=True):\n    total += k",
            frame=EPOCH,
        ),
        Example(
            "a function of that name", "def tqdm(x):\n    return x\n\nfor k in tqdm(range(3)):\n    k + 1", frame=SETUP
        ),
        Example("a plain loop", "for k in range(3):\n    k + 1", frame=STEP),
    ),
}
