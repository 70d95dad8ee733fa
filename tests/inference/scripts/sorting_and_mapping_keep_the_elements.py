from torch import nn

models = [nn.Linear(2, 1), nn.Linear(2, 2)]
for model in reversed(models):  # role: model
    pass
for model in sorted(models, key=id):  # role: model
    pass
for made in map(lambda width: nn.Linear(width, 1), [1, 2]):  # role: made: model; width: constant `1` | constant `2`
    pass
