# Now: MIG207 reads "Reach `self.critic.copy.deepcopy` through `accelerator.unwrap_model(self.critic)`" for
#   `copy.deepcopy(self.critic)`.
# Should: Where the model is an argument, say "Pass `accelerator.unwrap_model(self.critic)` to `copy.deepcopy`".
# Why: A message about code that does not exist.
# Seen: 3 files of one of 40 repositories.
import copy

import torch
from torch import nn


class Agent:
    def __init__(self):
        self.critic = nn.Linear(4, 1)
        self.critic_target = copy.deepcopy(self.critic)
        self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=3e-4)

    def train(self, x):
        with torch.no_grad():
            target = self.critic_target(x)
        loss = nn.functional.mse_loss(self.critic(x), target + 1)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def load(self, path):
        self.critic.load_state_dict(torch.load(path))
        self.critic_target = copy.deepcopy(self.critic)


agent = Agent()
for step in range(4):
    agent.train(torch.randn(16, 4))
