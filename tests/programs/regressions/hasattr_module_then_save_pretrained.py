# Should: Both arms collapse to `accelerator.unwrap_model(model)` (idioms.md 12); `save_pretrained` under the main-
#   process guard; one finding.
# Why: P2 (files written once), P5.
# Seen: The fine-tuning loop that every text tutorial ends with.
# expect: migrated
# expect text: 'saved = accelerator.unwrap_model(model)\n'
# expect text: '    saved.save_'
import torch
from torch.utils.data import DataLoader, TensorDataset
from transformers import AutoModel

loader = DataLoader(TensorDataset(torch.randint(0, 9, (32, 8)), torch.randint(0, 2, (32,))), batch_size=4)
model = AutoModel.from_pretrained("tiny")
model.cuda()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
for ids, labels in loader:
    loss = model(ids.cuda(), labels=labels.cuda())[0]
    loss.backward()
    optimizer.step()
    model.zero_grad()
saved = model.module if hasattr(model, "module") else model
saved.save_pretrained("out")
