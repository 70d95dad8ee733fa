from choices import more
from torch import nn

for turn in range(3):
    if more():
        part = nn.Linear(2, 1)
        break
else:
    part = nn.MSELoss()  # role: criterion
part  # role!: model | criterion (what a `break` leaves runs through the `else`, too)
