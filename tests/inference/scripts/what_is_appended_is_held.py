from torch import nn

models = []
models.append(nn.Linear(2, 1))
models.extend([nn.Linear(2, 2)])
models += [nn.Linear(2, 3)]
for model in models:  # role: model
    pass
