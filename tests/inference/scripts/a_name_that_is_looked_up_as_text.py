from torch import nn


class Holder:
    pass


holder = Holder()
setattr(holder, "model", nn.Linear(2, 1))
model = getattr(holder, "model")  # role: model
other = getattr(holder, "missing", None)  # role!: constant `None` (the default of `getattr` is not looked at)
