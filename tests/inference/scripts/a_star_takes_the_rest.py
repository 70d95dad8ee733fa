from torch import nn

model, loss = nn.Linear(2, 1), nn.MSELoss()
first, *rest = [model, loss, loss]  # role: first: model; rest: sequence
for item in rest:  # role!: criterion (a star holds the elements of one element, not those that are left)
    pass
*front, last = [model, model, loss]  # role!: last: criterion (a name after a star gets the element of its own index)
