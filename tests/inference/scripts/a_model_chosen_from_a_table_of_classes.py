import argparse

from torch import nn


class Small(nn.Module):
    pass


class Large(nn.Module):
    pass


args = argparse.ArgumentParser().parse_args()
MODELS = {"small": Small, "large": Large}
model = MODELS[args.model]()  # role: model `Small` | model `Large`
