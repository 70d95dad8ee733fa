try:
    from torch.optim import AdamW
except ImportError:
    from transformers import AdamW
from torch import nn

model = nn.Linear(2, 1)
optimizer = AdamW(model.parameters())  # role: optimizer of model
