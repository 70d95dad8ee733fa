# Should: Refuse: the model builds and steps its optimizer, and cannot reach an Accelerator that `main()` makes.
# Why: P4. `Policy` is a class that other files may import; a parameter of its constructor would change it for them.
# Seen: A variant of `model_that_owns_its_optimizer`.
# expect: refused
# expect: MIG201 at "self.optimizer = torch.optim.Adam"
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


def main():
    policy = Policy()
    for episode in range(3):
        for step in range(5):
            policy.data.append(policy(torch.randn(4)).log()[0])
        policy.learn()


if __name__ == "__main__":
    main()
