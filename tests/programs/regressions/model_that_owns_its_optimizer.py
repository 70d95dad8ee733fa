# Now: Here the model's own `__init__` becomes `self.optimizer = accelerator.prepare(...)` with a global
#   `accelerator`; inside `main()` the same is refused with "its own code should not depend on an Accelerator; use
#   the device of an input", which says nothing about an optimizer. The message of MIG301 reads
#   `-log_probability.backward()` for `(-log_probability).backward()`.
# Should: One answer for both: refuse, and say that the model builds and steps its own optimizer; build it outside.
# Why: Reason and recipe fit moves only.
# Seen: 2 of 119 (reinforcement learning in one file).
import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.data = []
        self.body = nn.Linear(4, 2)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=0.01)

    def forward(self, x):
        return self.body(x).softmax(dim=-1)

    def learn(self):
        self.optimizer.zero_grad()
        for log_probability in self.data:
            (-log_probability).backward()
        self.optimizer.step()
        self.data = []


policy = Policy()
for episode in range(3):
    for step in range(5):
        policy.data.append(policy(torch.randn(4)).log()[0])
    policy.learn()
