# Should: Migrate: the attack keeps the model as it was made, and only takes the gradient of its input.
# Why: A second run would have prepared the model once more, in the constructor of the attack.
# Seen: adversarial training, and the attack that a robust model is tested with.
# expect: migrated
# expect text: net, optimizer, loader = accelerator.prepare(
# expect no text: prepare(self
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Attack:
    def __init__(self, model):
        self.model = model

    def perturb(self, x, y):
        x.requires_grad_()
        loss = nn.functional.mse_loss(self.model(x), y)
        return x + torch.autograd.grad(loss, [x])[0].sign()


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(64, 4), torch.randn(64, 1)), batch_size=8)
test_loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 1)), batch_size=8)
net = nn.Linear(4, 1).to(device)
adversary = Attack(net)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()
    for x, y in test_loader:
        x, y = x.to(device), y.to(device)
        print(nn.functional.mse_loss(net(adversary.perturb(x, y)), y).item())
