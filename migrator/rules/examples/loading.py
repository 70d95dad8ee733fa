"""Examples: loading checkpoints."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

_READ = "torch.load("
_MODEL = "model = nn.Linear(4, 1)\n"

EXAMPLES = {
    "saved-device": (
        Example(
            "weights, without `map_location`",
            'model.load_state_dict(torch.load("start.pt"))',
            reviews="MIG507",
            at=_READ,
            frame=SETUP,
        ),
        Example(
            "a part of a checkpoint, by a variable",
            'kept = torch.load("last.pt", weights_only=True)\nstate = kept["model"]\nmodel.load_state_dict(state)',
            reviews="MIG507",
            at=_READ,
            frame=SETUP,
        ),
        Example(
            "another name, in a function",
            """
            from torch import load as read

            def resume(path):
                return read(path)

            model.load_state_dict(resume("last.pt"))
            """,
            reviews="MIG507",
            at="read(path)",
            frame=SETUP,
        ),
        Example(
            "with `map_location`",
            f'{_MODEL}model.load_state_dict(torch.load("start.pt", map_location="cpu"))',
            frame=MODEL,
        ),
        Example(
            "with `map_location` by position",
            f'{_MODEL}model.load_state_dict(torch.load("start.pt", "cpu"))',
            frame=MODEL,
        ),
        Example("a tensor that is not loaded into a model", 'weights = torch.load("weights.pt")', frame=SETUP),
        Example(
            "weights that are not loaded from a file",
            f"{_MODEL}model.load_state_dict(nn.Linear(4, 1).state_dict())",
            frame=MODEL,
        ),
        Example("a script without training", INFERENCE),
    ),
}
