from choices import name
from torch import nn

REGISTRY = {}


def register(cls):
    REGISTRY[cls.__name__] = cls
    return cls


@register
class Net(nn.Module):
    pass


model = REGISTRY[name]()  # role: model
