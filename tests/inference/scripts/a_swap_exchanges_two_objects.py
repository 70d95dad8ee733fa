from torch import nn

model, loss = nn.Linear(2, 1), nn.MSELoss()
model, loss = loss, model  # role: model: criterion; loss: model
