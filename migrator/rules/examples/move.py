"""Examples: moves to a device."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, MODEL, MOVES, SETUP, STEP, TRAINER
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "model-to": (
        Example(
            "a move where the model is built",
            "model = nn.Linear(4, 1).to(device)",
            "model = nn.Linear(4, 1)",
            frame=MODEL,
        ),
        Example(
            "a move on a separate line, whose comment is kept",
            "model = nn.Linear(4, 1)\n# to the GPU\nmodel.cuda()",
            "model = nn.Linear(4, 1)\n# to the GPU",
            frame=MODEL,
        ),
        Example(
            "a model that runs before `prepare` keeps its move",
            "model = nn.Linear(4, 1).to(device)\nstart = model(torch.zeros(8, 4, device=device))",
            frame=MODEL,
        ),
        Example(
            "a move that changes the dtype as well",
            "model = nn.Linear(4, 1).to(device, torch.float64)",
            frame=MODEL,
        ),
        Example("a frozen helper network", "teacher = nn.Linear(4, 1).to(device).eval()", frame=SETUP),
        Example("a change of dtype alone", "model = nn.Linear(4, 1).to(torch.float32)", frame=MODEL),
    ),
    "batch-to": (
        Example("the parts of a batch", "x, y = x.to(device), y.to(device)", "", frame=MOVES),
        Example(
            "one by one, with `Variable`",
            "x = x.cuda(non_blocking=True)\ny = y.cuda()  # targets",
            "# targets",
            frame=MOVES,
        ),
        Example(
            "a move and a view",
            "x = x.view(8, -1).to(device)\ny = y.to(device)",
            "x = x.view(8, -1)",
            frame=MOVES,
        ),
        Example(
            "a batch that turns into another type",
            "x, y = x.to(device, torch.float32), y.to(device, torch.float32)",
            frame=MOVES,
        ),
        Example("a tensor that the script creates", "noise = torch.randn(8, 4).to(device)", frame=STEP),
        Example("a batch that goes back to the CPU", "shown = x.cpu()", frame=STEP),
        Example(
            "a batch of a loader that is not prepared",
            """
            with torch.no_grad():
                for a, b in DataLoader(dataset):
                    score = model(a.to(device)) - b.to(device)
            """,
            frame=EPOCH,
        ),
    ),
    "cuda-call-to-device": (
        Example(
            "a tensor that the script creates",
            "noise = torch.randn(8, 4).cuda()",
            "noise = torch.randn(8, 4).to(accelerator.device)",
            frame=STEP,
        ),
        Example(
            "a criterion, and a keyword that stays",
            'criterion = nn.MSELoss().to("cuda")\nmask = torch.ones(4).cuda(non_blocking=True)',
            "criterion = nn.MSELoss().to(accelerator.device)\nmask = torch.ones(4).to(accelerator.device, non_blocking=True)",
            frame=SETUP,
        ),
        Example(
            "in a method",
            "noise = torch.randn(8, 4).cuda()",
            "noise = torch.randn(8, 4).to(self.accelerator.device)",
            frame=TRAINER,
        ),
        Example("a device that has been defined", "noise = torch.randn(8, 4).to(device)", frame=STEP),
        Example("a move to the CPU", 'shown = loss.to("cpu")', frame=STEP),
        Example("a function called cuda", "def cuda():\n    return 3\n\ncuda()", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "factory-device": (
        Example(
            "a factory that names a device",
            'noise = torch.zeros(8, 4, device="cuda")',
            "noise = torch.zeros(8, 4, device=accelerator.device)",
            frame=STEP,
        ),
        Example(
            "a checkpoint that is read to one",
            'state = torch.load("start.pt", map_location="cuda:0")',
            'state = torch.load("start.pt", map_location=accelerator.device)',
            frame=SETUP,
        ),
        Example("a factory on the device of a variable", "noise = torch.zeros(8, 4, device=device)", frame=STEP),
        Example("a factory on the CPU", 'noise = torch.zeros(8, 4, device="cpu")', frame=STEP),
        Example(
            "a checkpoint that is read to the CPU", 'state = torch.load("start.pt", map_location="cpu")', frame=SETUP
        ),
    ),
    "explicit-device": (
        Example("the second GPU", 'noise = torch.randn(8, 4).to("cuda:1")', reviews="MIG905", at="cuda:1", frame=STEP),
        Example("the same by number", "noise = torch.randn(8, 4).cuda(1)", reviews="MIG905", at="cuda(1)", frame=STEP),
        Example("the first GPU", "noise = torch.randn(8, 4)\nshown = noise.cpu()", frame=STEP),
        Example("a dtype", "noise = torch.randn(8, 4).to(torch.float16)", frame=STEP),
        Example("a string that names it", 'hint = "try cuda:1 instead"', frame=SETUP),
    ),
}
