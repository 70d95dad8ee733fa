# Should: An instance of a subclass of Optimizer counts as stepped by any of its own methods. Never edit an optimizer's
#   own class (`self.base` is its own affair). Where its steps are not `step`, leave it out of `prepare` and say so.
# Why: P3 (silent), P4 (half prepared), P5.
# Seen: 1 of 40 repositories (sharpness-aware training), and all that copied this optimizer.
# expect: migrated
# expect no text: prepare(self.base
# expect no text: optimizer, loader
# expect: MIG212 at "optimizer = TwoSteps(model.parameters(), lr=0.1)"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TwoSteps(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})
        self.base = torch.optim.SGD(self.param_groups, lr=lr)

    @torch.no_grad()
    def first_step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(p.grad, alpha=0.05)
                self.state[p]["push"] = p.grad.clone()

    @torch.no_grad()
    def second_step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(self.state[p]["push"], alpha=0.05)
        self.base.step()


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
model = nn.Linear(8, 1).to(device)
optimizer = TwoSteps(model.parameters(), lr=0.1)
for batch in loader:
    x, y = (b.to(device) for b in batch)
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.first_step()
    model.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.second_step()
    model.zero_grad()
