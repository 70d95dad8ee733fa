import torch
from data import datasets
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loaders = {
    "train": DataLoader(datasets["train"]),  # training: training loader
    "val": DataLoader(datasets["val"]),  # training: evaluation loader
}
for phase in ["train", "val"]:  # training: loop; prepare model, optimizer, loaders["train"]
    for x in loaders[phase]:  # training: loop; draw
        loss = model(x).mean()  # training: forward
        if phase == "train":
            optimizer.zero_grad()
            loss.backward()  # training: backward of model
            optimizer.step()  # training: step
