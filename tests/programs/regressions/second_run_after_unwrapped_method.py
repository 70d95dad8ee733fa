# Should: What `unwrap_model` returns is the same object, prepared.
# Why: P6; a plain idiom ends in an internal error.
# Seen: 2 of 119: deep Q learning (`q.sample_action`), sequence to sequence (`encoder.init_hidden`).
# expect: migrated
# expect text: accelerator.unwrap_model(policy).sample_action(
import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 2)

    def forward(self, x):
        return self.body(x)

    def sample_action(self, x):
        return self.forward(x).argmax().item()


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
for episode in range(4):
    action = policy.sample_action(torch.randn(4))
    loss = policy(torch.randn(4, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
