from torch import nn

parts = dict(model=nn.Linear(2, 1), loss=nn.MSELoss())
model = parts["model"]  # role: model
merged = {**parts, "model": nn.MSELoss()}
other = merged["model"]  # role!: criterion (an item that is spread stays beside one that replaces it)
loss = merged["loss"]  # role: criterion
