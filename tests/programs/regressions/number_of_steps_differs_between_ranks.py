# Should: A `while` without a loader whose condition depends on what is drawn or on an environment stops with
#   MIG910; MIG912 should not claim the same work where the script draws unseeded random numbers.
# Why: P2 (no hang).
# Seen: 5 of 119: deep Q learning (2), deterministic policy gradient, REINFORCE, actor-critic.
# expect: refused
# expect: MIG910 at "while not done"
import random

import torch
from torch import nn

policy = nn.Linear(4, 2)
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
for episode in range(20):
    done = False
    while not done:
        state = torch.randn(1, 4)
        loss = -policy(state).log_softmax(dim=-1)[0, 0]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        done = random.random() < 0.2
    print("episode", episode, loss.item())
