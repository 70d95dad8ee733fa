import torch
from torch import nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")  # role: device
model = nn.Linear(2, 1).to(device)  # role: model = model
moved = model.cuda()  # role: model = model
half = model.half().train()  # role: model = model
