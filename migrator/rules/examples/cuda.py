"""Examples: calls of `torch.cuda`."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP, STEP, TRAINER
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "cuda-only": (
        Example("`synchronize`", "torch.cuda.synchronize()", reviews="MIG804", at="synchronize", frame=STEP),
        Example(
            "the name of the GPU, in a trainer",
            "from torch import cuda\nname = cuda.get_device_name()",
            reviews="MIG804",
            at="cuda.get_device_name",
            frame=TRAINER,
        ),
        Example("under a check for a GPU", "if torch.cuda.is_available():\n    torch.cuda.synchronize()", frame=STEP),
        Example("under a check of the device", 'if device.type == "cuda":\n    torch.cuda.synchronize()', frame=STEP),
        Example("`empty_cache`, which does nothing without a GPU", "torch.cuda.empty_cache()", frame=STEP),
        Example("a function of that name", "def synchronize():\n    pass\n\nsynchronize()", frame=SETUP),
    ),
    "cuda-streams": (
        Example("a separate stream", "side = torch.cuda.Stream()", reviews="MIG804", at="Stream()", frame=SETUP),
        Example(
            "a graph, under another name",
            "from torch.cuda import CUDAGraph as Graph\ngraph = Graph()",
            reviews="MIG804",
            at="graph = Graph()",
            frame=SETUP,
        ),
        Example("a stream of text", "import io\nstream = io.StringIO()", frame=SETUP),
        Example("memory that is released", "torch.cuda.empty_cache()", frame=STEP),
        Example("a script without training", INFERENCE),
    ),
    "device-count": (
        Example(
            "a count of GPUs", "gpus = torch.cuda.device_count()", reviews="MIG802", at="device_count", frame=SETUP
        ),
        Example(
            "the same, under another name",
            "from torch.cuda import device_count as gpus\nworkers = 4 * gpus()",
            reviews="MIG802",
            at="4 * gpus()",
            frame=SETUP,
        ),
        Example(
            "a check whether there are several GPUs",
            "if torch.cuda.device_count() > 1:\n    several = True",
            frame=SETUP,
        ),
        Example("a count of something else", "import os\nworkers = os.cpu_count()", frame=SETUP),
    ),
    "device-generator": (
        Example(
            "a generator for a loader",
            'draw = torch.Generator(device="cuda")',
            reviews="MIG806",
            at="torch.Generator",
            frame=SETUP,
        ),
        Example(
            "by position, under another name",
            'from torch import Generator as Source\ndraw = Source("cuda").manual_seed(1)',
            reviews="MIG806",
            at="draw = Source",
            frame=SETUP,
        ),
        Example("a generator on the CPU", "draw = torch.Generator().manual_seed(1)", frame=SETUP),
        Example("a generator of numbers", "draw = (k for k in range(3))", frame=SETUP),
        Example("a class of that name", "class Generator(nn.Module):\n    pass\n\nmaker = Generator()", frame=SETUP),
        Example("a batch of noise", "x = x + torch.rand(4, device=device)", frame=BATCH),
    ),
}
