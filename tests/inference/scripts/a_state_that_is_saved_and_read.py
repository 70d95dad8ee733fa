import torch
from torch import nn

model = nn.Linear(2, 1)
state = model.state_dict()  # role: state dict of model
whole = {"model": state, "epoch": 3}  # role: dict
torch.save(whole, "last.pt")
read = torch.load("last.pt")  # role: opaque
weights = read["model"]  # role: opaque
model.load_state_dict(weights)
model  # role: model
