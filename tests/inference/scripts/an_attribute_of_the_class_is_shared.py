from torch import nn


class Holder:
    loss = nn.MSELoss()


one, two = Holder(), Holder()
first = one.loss  # role: criterion = second
second = two.loss  # role: criterion = first
two.loss = nn.Linear(2, 1)
third = two.loss  # role: model
fourth = one.loss  # role: criterion = first
