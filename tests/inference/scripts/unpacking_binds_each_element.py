from torch import nn, optim

model = nn.Linear(2, 1)
a, b = model, nn.MSELoss()  # role: a: model = model; b: criterion
c, d = (a, b)  # role: c: model = model; d: criterion
[e, (f, g)] = [a, (b, model)]  # role: e: model = a; f: criterion; g: model = model
