from data import dataset
from torch.utils.data import DataLoader

loader = DataLoader(dataset)
for batch in loader:  # role: batch of loader
    x, y = batch  # role: x: batch of loader; y: batch of loader
    image = batch["image"]  # role: batch of loader
    half = x[:4]  # role: batch of loader
    whole = {key: value for key, value in batch.items()}  # role: whole: dict; value: batch of loader
    label = whole["label"]  # role: batch of loader
    flat = x.view(4, -1)  # role: batch of loader
    doubled = 2 * x  # role: tensor of batch
