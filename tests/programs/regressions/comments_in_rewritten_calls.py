# Should: Keep every comment: one that a rewritten call takes away stays on a line of its own above the statement.
# Why: The result was refused as an internal error, because it would have lost a comment.
# Seen: calls that are split over lines, each with a comment.
# expect: migrated
# expect text: "model = nn.Linear(3, 1)  # moved\n"
# expect text: "    # each\n    # there\n    x, y = (\n        t\n"
# expect text: "    # of one\n    accelerator.backward(loss  # the mean\n        / 1)  # back\n"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1).to(  # onto it
    device,  # this one
    # nothing else
)  # moved
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in loader:
    x, y = (
        t.to(  # each
            device,  # there
        )
        for t in batch
    )
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    (
        loss  # the mean
        / 1  # of one
    ).backward()  # back
    optimizer.step()
