from torch import nn, optim

model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
head = model[1]  # role: part of model
layers = nn.ModuleList([nn.Linear(2, 2)])  # role: model
for layer in layers:  # role: part of layers
    pass
optimizer = optim.SGD(head.parameters(), lr=0.1)  # role: optimizer of head, model
for weight in model.parameters():  # role: part of model
    pass
for name, weight in model.named_parameters():  # role: weight: part of model
    pass
