# Now: `{k: v if isinstance(v, torch.Tensor) else v for k, v in batch.items()}` stays: right, and two conditions too long.
# Should: A conditional whose arms became equal goes, and then the comprehension that only copies.
# Why: P5.
# Seen: Detection loops, text loops.
# expect: migrated
# expect no text: .to(device)
# expect! no text: v if isinstance(v, torch.Tensor) else v (a condition in a comprehension is not looked at again)
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader([{"x": torch.randn(8), "name": "a"} for _ in range(32)], batch_size=4)
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in loader:
    batch = {k: v.to(device) if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
    loss = model(batch["x"]).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
