"""Turn a plain PyTorch training script into one that trains through an Accelerator; say so where that is not safe."""

__version__ = "0.1.0"
