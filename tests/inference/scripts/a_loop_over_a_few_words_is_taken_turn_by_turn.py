from data import datasets
from torch.utils.data import DataLoader

loaders = {}
for split in ["train", "val"]:  # role: constant `train` | constant `val`
    loaders[split] = DataLoader(datasets[split])  # role: loader
train = loaders["train"]  # role: loader = train
val = loaders["val"]  # role: loader = val
for x in train:  # role: batch of train
    pass
