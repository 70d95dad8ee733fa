# Should: Unwrap the argument of `jit.trace`, `jit.script`, `onnx.export`, `add_graph`, `summary`; guard
#   `.save(path)` of the result.
# Why: P2.
# Seen: Not in the 81; common at the end of tutorials.
# expect: migrated
# expect text: torch.jit.trace(accelerator.unwrap_model(model)
# expect text: '    traced.save('
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
traced = torch.jit.trace(model, torch.randn(1, 8))
traced.save("traced.pt")
torch.onnx.export(model, torch.randn(1, 8), "model.onnx")
