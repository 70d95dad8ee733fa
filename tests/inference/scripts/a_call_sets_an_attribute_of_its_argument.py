from torch import nn


class Holder:
    pass


def fill(given):
    given.model = nn.Linear(2, 1)


holder = Holder()
fill(holder)
model = holder.model  # role: model
