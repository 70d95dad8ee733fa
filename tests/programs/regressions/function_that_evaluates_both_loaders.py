# Should: Speak of the sum in `validate`, which draws from the prepared loader in one of its calls: each process prints the
#   mean over its share there, and over all samples in the other call.
# Why: P2 (metrics are global).
# Seen: 1 of 48 repositories; training accuracy by the same function as validation accuracy.
# expect: migrated
# expect: MIG603 at "total += loss.item() * len(x)"
# expect: MIG206 at "held = torch.utils.data.DataLoader(data, batch_size=4)"
import torch
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = torch.utils.data.TensorDataset(torch.randn(32, 4))
loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
held = torch.utils.data.DataLoader(data, batch_size=4)

def validate(batches):
    total, n = 0.0, 0
    for (x,) in batches:
        loss = model(x).pow(2).mean()
        total += loss.item() * len(x)
        n += len(x)
    return total / n

for epoch in range(2):
    for (x,) in loader:
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(validate(loader), validate(held))
