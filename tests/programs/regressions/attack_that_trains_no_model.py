# Should: Leave it as it is: the optimizer takes no step, and the gradient is one of the input.
# Why: P6. An attack, a saliency map or a style transfer evaluates a network that is trained elsewhere.
# Seen: 1 of 8 repositories about adversarial training.
# expect: refused
# expect no: MIG301
# expect no: MIG201
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
step_size = 0.1


def attack(model, x, y, steps):
    near = (x + 0.01 * torch.randn_like(x)).detach().requires_grad_()
    for step in range(steps):
        optimizer = optim.SGD([near], lr=1e-3)
        optimizer.zero_grad()
        F.cross_entropy(model(near), y).backward()
        near = (near + step_size * near.grad.sign()).detach().requires_grad_()
    return near


model = nn.Linear(8, 2).to(device)
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(2, (64,))), batch_size=8)
fooled = 0
for x, y in loader:
    x, y = x.to(device), y.to(device)
    fooled += (model(attack(model, x, y, 3)).argmax(1) != y).sum().item()
print("fooled", fooled)
