from torch import nn

parts = {"model": nn.Linear(2, 1)}
parts.update({"loss": nn.MSELoss()})
parts.update(head=nn.Linear(2, 1))
loss = parts["loss"]  # role: criterion
head = parts["head"]  # role: model
held = parts.setdefault("model", nn.MSELoss())  # role: model
