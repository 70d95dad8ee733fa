from torch import nn

make = lambda kind: nn.Linear(2, 1)  # role: make: function; kind: constant `linear`
model = make("linear")  # role: model
