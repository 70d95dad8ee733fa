from choices import turns
from torch import nn

first, second = nn.Linear(2, 1), nn.MSELoss()
for _ in turns:
    held = first  # role: model | criterion
    first, second = second, first
