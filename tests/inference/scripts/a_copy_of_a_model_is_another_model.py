import copy

from torch import nn

model = nn.Linear(2, 1)
target = copy.deepcopy(model)  # role: model = target
target  # role: model = target
average = copy.copy(model)  # role: model = average
