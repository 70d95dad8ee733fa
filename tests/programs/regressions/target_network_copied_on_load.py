# Now: MIG207 reads "Reach `self.critic.copy.deepcopy`" for `copy.deepcopy(self.critic)`.
# Should: Copy the model itself and not its wrapper, and say so of code that is there.
# Why: P2: a copy of the wrapper has hooks and a process group. A message about code that does not exist.
# Seen: 3 files of one of 40 repositories.
# expect: migrated
# expect text: copy.deepcopy(self.accelerator.unwrap_model(self.critic))
# expect text: self.accelerator.unwrap_model(self.critic).load_state_dict(
# expect edit: MIG207 at "copy.deepcopy(self.critic)"
# expect! no edit: MIG207 says "self.critic.copy.deepcopy" (an argument is told like the owner of an attribute)
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
