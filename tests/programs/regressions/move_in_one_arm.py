# Should: Remove the condition with the move, where both arms are the same without it: `x = x.cuda() if cuda else x` goes.
# Why: `model = model if cuda else model` was left behind, a line that nobody would sign.
# Seen: scripts that write a move as an expression.
# expect: migrated
# expect text: 'model = nn.Linear(8, 1)\n'
# expect no text: ' if '
# expect no text: helper = helper
# expect no text: 'x, y = '
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

cuda = torch.cuda.is_available()
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
model = nn.Linear(8, 1).cuda() if cuda else nn.Linear(8, 1)
helper = nn.Linear(8, 8)
helper = helper if not torch.cuda.is_available() else helper.cuda()
optimizer = torch.optim.SGD([*model.parameters(), *helper.parameters()], lr=0.1)
for x, y in loader:
    x, y = (x.cuda(), y.cuda()) if cuda else (x, y)
    loss = nn.functional.mse_loss(model(helper(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
