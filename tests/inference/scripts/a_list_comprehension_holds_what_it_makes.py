from torch import nn, optim

models = [nn.Linear(2, 1) for _ in range(8)]  # role: models: sequence; _: unknown
optimizers = [optim.SGD(model.parameters(), lr=0.1) for model in models]  # role: optimizers: sequence; model: model
optimizer = optimizers[3]  # role: optimizer of model
