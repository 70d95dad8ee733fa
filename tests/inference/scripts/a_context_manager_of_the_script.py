from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(model):
    model.eval()
    yield model


model = nn.Linear(2, 1)
with evaluating(model) as held:  # role!: model = model (the generator of a `contextmanager` is not run)
    pass
