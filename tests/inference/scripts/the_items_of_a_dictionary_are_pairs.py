from torch import nn

parts = {"model": nn.Linear(2, 1), "loss": nn.MSELoss()}
for name, part in parts.items():  # role: name: constant `model` | constant `loss`; part: model | criterion
    pass
for part in parts.values():  # role: model | criterion
    pass
model = parts.get("model")  # role: model
missing = parts.get("optimizer")  # role!: constant `None` (a key that is not there gives any of the values)
given = parts.get("optimizer", model)  # role!: model = model (a key that is not there gives any of the values)
popped = parts.pop("loss")  # role: criterion
