"""Examples: code that is only known at run time."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "dynamic": (
        Example(
            "a class that a configuration names",
            "import hydra\nmodel = hydra.utils.instantiate({'_target_': 'torch.nn.Linear'})",
            reviews="MIG916",
            at="instantiate(",
            frame=MODEL,
        ),
        Example(
            "the same under another name",
            "from hydra.utils import instantiate as make\nmodel = make({'_target_': 'torch.nn.Linear'})",
            reviews="MIG916",
            at="= make(",
            frame=MODEL,
        ),
        Example("`eval` of a number", 'width = eval("4")', frame=SETUP),
        Example("a mode", "model.eval()\nmodel.train()", frame=SETUP),
        Example("a class of a module, picked by name", 'model = getattr(nn, "Linear")(4, 1)', frame=MODEL),
        Example("a script without training", INFERENCE),
    ),
    "unseen-model": (
        Example(
            "`eval` of a class name",
            MODEL.around('model = eval("nn.Linear")(4, 1)'),
            reviews="MIG916",
            at="model.parameters()",
        ),
        Example(
            "a model from a queue, in a function",
            """
            import queue
            import torch
            from data import dataset

            def train(models):
                net = models.get()
                opt = torch.optim.SGD(net.parameters(), lr=0.1)
                for x, y in torch.utils.data.DataLoader(dataset):
                    (net(x.cuda()) - y.cuda()).mean().backward()
                    opt.step()

            train(queue.Queue())
            """,
            reviews="MIG916",
            at="net.parameters()",
        ),
        Example("a model of a known class", MODEL.around("model = nn.Linear(4, 1)")),
        Example(
            "a model that another module builds",
            MODEL.around("from zoo import build\nmodel = build()"),
        ),
        Example("a script without training", INFERENCE),
    ),
    "executed-text": (
        Example("a file of settings", 'exec(open("settings.py").read())', reviews="MIG916", at="exec(", frame=SETUP),
        Example("a text, by another name", 'run = exec\nrun("width = 4")', reviews="MIG916", at='run("', frame=SETUP),
        Example("a function of that name", "def exec(text):\n    return text\n\nexec('width = 4')", frame=SETUP),
        Example("a value", "width = int('4')", frame=SETUP),
    ),
}
