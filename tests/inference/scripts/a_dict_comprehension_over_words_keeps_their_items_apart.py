from torch import nn

MAKERS = {"model": nn.Linear(2, 1), "loss": nn.MSELoss()}
parts = {name: MAKERS[name] for name in ("model", "loss")}  # role: parts: dict; name: constant `model` | constant `loss`
a = parts["model"]  # role: model
b = parts["loss"]  # role: criterion
