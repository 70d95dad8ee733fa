# Should: Without a step of an optimizer (or updates of parameters by hand) it is no training script, and is left alone.
# Why: Saliency maps, adversarial examples, self-tests under the guard of a model file (P6: leave them alone).
# Seen: 1 of 10 model files.
# expect: refused
# expect no: MIG301
# expect no: MIG201
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4))
for k in range(4):
    x = torch.randn(1, 4, requires_grad=True)
    net(x)[0, k].backward()
    print("output", k, "depends on", x.grad[0].nonzero().flatten().tolist())
