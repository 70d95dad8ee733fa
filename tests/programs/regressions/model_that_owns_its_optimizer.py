# Should: Migrate where the Accelerator is a variable of the module: the model's `__init__` prepares the optimizer that it
#   builds. Each loss comes of a forward of the prepared model, so that its gradients are averaged, though the steps are
#   taken in a method of the model. (In a `main()` the model cannot reach the Accelerator: `model_that_owns_its_optimizer_in_main`.)
# Why: P1 and P2: the same numbers on one process; on two with data of their own the parameters stay equal, with either
#   target.
# Seen: 2 of 119 (reinforcement learning in one file).
# expect: migrated
# expect text: self.optimizer = accelerator.prepare(torch.optim.Adam(self.parameters(), lr=0.01))
# expect text: accelerator.backward(-log_probability)
# expect text: data.append(policy(torch.randn(4)).log()[0])
# expect text: accelerator.unwrap_model(policy).learn()
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
