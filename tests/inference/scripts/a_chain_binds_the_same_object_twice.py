from torch import nn

first = second = nn.Linear(2, 1)  # role: first: model = second; second: model = first
other = nn.Linear(2, 1)  # role: model = other
first  # role: model = second
