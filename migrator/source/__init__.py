"""Floor 1: bytes, text and syntax. Knows nothing of PyTorch."""
