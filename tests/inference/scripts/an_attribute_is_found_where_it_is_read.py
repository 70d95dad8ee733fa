from torch import nn


class Holder:
    pass


one, two = Holder(), Holder()
one.part = nn.Linear(2, 1)  # role: model
two.part = nn.MSELoss()  # role: criterion
a = one.part  # role: model = a
b = two.part  # role: criterion
