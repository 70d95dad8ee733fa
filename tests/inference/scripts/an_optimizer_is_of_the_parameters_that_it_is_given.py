import itertools

from torch import nn, optim

body, head = nn.Linear(2, 2), nn.Linear(2, 1)
one = optim.SGD(body.parameters(), lr=0.1)  # role: optimizer of body
both = optim.SGD(list(body.parameters()) + list(head.parameters()), lr=0.1)  # role: optimizer of body, head, part
groups = optim.Adam([{"params": body.parameters()}, {"params": head.parameters(), "lr": 0.1}])  # role: optimizer of body, head
chained = optim.Adam(itertools.chain(body.parameters(), head.parameters()))  # role: optimizer of body, head
trained = filter(lambda p: p.requires_grad, head.parameters())
filtered = optim.Adam(trained)  # role: optimizer of head
some = optim.Adam([p for p in head.parameters() if p.requires_grad])  # role: some: optimizer of head, part
